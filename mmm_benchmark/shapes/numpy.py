"""Shapes of numpy code. Imported for types only: checks hand these names to the modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Bool, Float, Int, Num, Shaped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    A = NDArray[np.float64]
    B = NDArray[np.bool_]
    Whole = NDArray[np.intp]
    Time = NDArray[np.datetime64]
else:
    import numpy as np

    A = B = Whole = Time = np.ndarray | np.generic  # what reduces to one number is a scalar

# measures: any leading axes, one axis reduced
Broadcast = Num[A, "*#path"]  # estimate and truth, whatever broadcasts
Reduced = Float[A, "..."]
Counts = Num[A, "..."]
Marked = Bool[B, "..."]
Draws = Float[A, "*#series draw"]
Truth = Num[A, "*#series"]
PerSeries = Num[A, " series"]
BySeries = Float[A, "*series"]
MarkedSeries = Bool[B, "*series"]
ChainDraw = Num[A, "chain draw"]
ChainDrawRest = Num[A, "chain draw ..."]
SeriesChainDraw = Float[A, "series chain draw"]
SeriesChainLag = Float[A, "series chain lag"]
DrawChannel = Float[A, "draw channel"]
LastChannel = Num[A, "*#credit channel"]
ByCredit = Float[A, "*credit"]
ByCreditChannel = Float[A, "*credit channel"]
LastMultiplier = Num[A, "*#curve multiplier"]
ByCurve = Float[A, "*curve"]
Multipliers = Num[A, " multiplier"]
ChannelRest = Float[A, "channel ..."]
Places = Int[Whole, " place"]

# fits
PerChannel = Float[A, " channel"]
PerGeo = Float[A, " geo"]
Dates = Shaped[Time, " date"]
OtherDates = Shaped[Time, " week"]  # a longer window, or none
PerDate = Float[A, " date"]
PerColumn = Float[A, " column"]
ChannelPlaces = Int[Whole, " channel"]
ColumnPlaces = Int[Whole, " column"]
ControlPlaces = Int[Whole, " control"]
GeoDate = Float[A, "geo date"]
GeoChannel = Float[A, "geo all_channel"]  # those without spend too
GeoLive = Float[A, "geo channel"]
GeoColumn = Float[A, "geo column"]
GeoDateControl = Float[A, "geo date all_control"]
GeoDateChannel = Float[A, "geo date all_channel"]
PerAllChannel = Float[A, " all_channel"]
ChannelGeoDate = Float[A, "channel geo date"]
ColumnGeoDate = Float[A, "column geo date"]
ColumnGeoOther = Float[A, "column geo other_date"]
ColumnRow = Float[A, "column row"]
ColumnColumn = Float[A, "column column"]
GeoColumnColumn = Float[A, "geo column column"]
PlaceRow = Float[A, "place row"]
PerRow = Float[A, " row"]
RestGeoDate = Float[A, "... geo date"]
RestRow = Float[A, "... row"]
RestDate = Float[A, "*#series date"]
BySeriesDate = Float[A, "*series date"]
RestSeries = Float[A, "*#series"]
Transforms = Float[A, " 3*channel"]
TransformChannel = Float[A, "3 channel"]
TransformScale = Float[A, "3 1"]
PerTransform = Float[A, " transform"]
StartTransforms = Float[A, "start transform"]
DrawGeoDate = Float[A, "draw geo date"]
