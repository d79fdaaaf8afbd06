"""The axes of arrays, said once. Imported for types only: the generator runs without jaxtyping.

========= =================================
axis      what runs along it
========= =================================
world     worlds of a batch; nothing for one
geo       geos
date      weeks
channel   media channels
control   control variables
lag       weeks of carry-over, this one first
point     places on a curve
========= =================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Bool, Float, Int

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    A = NDArray[np.float64]
    B = NDArray[np.bool_]
    Code = NDArray[np.int8]
else:
    import numpy as np

    A = B = Code = np.ndarray

WorldGeo = Float[A, "*world geo"]
WorldGeoDate = Float[A, "*world geo date"]
WorldGeoChannel = Float[A, "*world geo channel"]
WorldGeoDateChannel = Float[A, "*world geo date channel"]
WorldGeoDateControl = Float[A, "*world geo date control"]
WorldGeoLagChannel = Float[A, "*world geo lag channel"]
WorldChannelCode = Int[Code, "*world channel"]
AnyWorldChannelCode = Int[Code, "*#world channel"]  # one law for all worlds, or each its own
WorldChannelFlag = Bool[B, "*world channel"]

PerChannel = Float[A, " channel"]
ChannelCode = Int[Code, " channel"]
GeoChannel = Float[A, "geo channel"]
GeoDateChannel = Float[A, "geo date channel"]
ChannelPoint = Float[A, "channel point"]
PerPoint = Float[A, " point"]

Decays = Float[A, "*decay"]
DecaysLag = Float[A, "*decay lag"]
Series = Float[A, "*series"]
SeriesDate = Float[A, "*series date"]
Path = Float[A, "..."]
