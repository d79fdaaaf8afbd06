"""Shapes of JAX code; numpy arrays may stand wherever JAX takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Float, Int, Num

if TYPE_CHECKING:
    from jax import Array as A  # noqa: N817
else:
    import jax
    import numpy as np

    A = jax.Array | np.ndarray

Scalar = Float[A, ""]
Vector = Float[A, " dimension"]
DimensionDimension = Float[A, "dimension dimension"]
DimensionRank = Float[A, "dimension rank"]
PerRank = Float[A, " rank"]
Residuals = Float[A, " residual"]
ResidualDimension = Float[A, "residual dimension"]
Cells = Int[A, " cell"]
Places = Num[A, " dimension"]  # a vector, or the place of each of its numbers

PerChannel = Float[A, " channel"]
PerControl = Float[A, " control"]
PerGeo = Float[A, " geo"]
PerDate = Float[A, " date"]

ChannelGeo = Float[A, "channel geo"]
ChannelDate = Float[A, "channel date"]
ChannelPoint = Float[A, "channel point"]
ChannelLag = Float[A, "channel lag"]
ControlDate = Float[A, "control date"]
GeoDate = Float[A, "geo date"]
GeoContrast = Float[A, "geo contrast"]
ChannelContrast = Float[A, "channel contrast"]
DateDate = Float[A, "date date"]
ChannelGeoDate = Float[A, "channel geo date"]
ChannelDateLag = Float[A, "channel date lag"]
ChannelGeoDateLag = Float[A, "channel geo date lag"]
GeoColumn = Float[A, "geo column"]
GeoChannel = Float[A, "geo channel"]
DateColumn = Float[A, "date column"]
GeoDateColumn = Float[A, "geo date column"]
GeoDateControl = Float[A, "geo date control"]
GeoColumnControl = Float[A, "geo column control"]
ControlControl = Float[A, "control control"]
SeriesDate = Float[A, "series date"]

DrawGeo = Float[A, "draw geo"]
DrawControl = Float[A, "draw control"]
DrawGeoDate = Float[A, "draw geo date"]
DrawGeoColumn = Float[A, "draw geo column"]

Broadcast = Float[A, "..."]  # whatever broadcasts
