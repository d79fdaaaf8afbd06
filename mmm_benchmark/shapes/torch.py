"""Shapes of PyTorch code."""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor

PerWorld = Float[Tensor, " world"]
Times = Int[Tensor, " world"]
PerDate = Float[Tensor, " date"]
DateDate = Float[Tensor, "date date"]

WorldState = Float[Tensor, "world unknown"]
WorldScalar = Float[Tensor, "world scalar"]
WorldDate = Float[Tensor, "world date"]
WorldControl = Float[Tensor, "world control"]
WorldHyper = Float[Tensor, "world 2"]
WorldChannel = Float[Tensor, "world channel"]
ActiveChannel = Bool[Tensor, "world channel"]
WorldChannelCurve = Float[Tensor, "world channel 3"]
WorldChannelBelief = Float[Tensor, "world channel 4"]
WorldChannelLaw = Float[Tensor, "world channel 4 quantile"]
WorldChannelSaid = Float[Tensor, "world channel 5"]
WorldChannelDate = Float[Tensor, "world channel date"]
WorldDateChannel = Float[Tensor, "world date channel"]
WorldDateDate = Float[Tensor, "world date date"]

WorldGeoDate = Float[Tensor, "world geo date"]
WorldGeoChannel = Float[Tensor, "world geo channel"]
WorldGeoDateChannel = Float[Tensor, "world geo date channel"]
WorldGeoDateControl = Float[Tensor, "world geo date control"]
WorldGeoDateChannelLag = Float[Tensor, "world geo date channel lag"]
WorldGeoDateChannelCurve = Float[Tensor, "world geo date channel 3"]

GroupGeo = Float[Tensor, "group geo"]
GroupGroup = Float[Tensor, "group group"]
WorldGroupDate = Float[Tensor, "world group date"]
WorldGroupDateChannel = Float[Tensor, "world group date channel"]
WorldRow = Float[Tensor, "world row"]
WorldRowRow = Float[Tensor, "world row row"]
WorldRowScalar = Float[Tensor, "world row scalar"]

WorldDateChannelLag = Float[Tensor, "world date channel lag"]
WorldFeature = Float[Tensor, "world feature"]
WorldFeatureDate = Float[Tensor, "world feature date"]
WorldControlFeature = Float[Tensor, "world control feature"]
WorldChannelFeature = Float[Tensor, "world channel feature"]
WorldChannelFeatureDate = Float[Tensor, "world channel feature date"]

PerStep = Float[Tensor, " step"]
Curves = Float[Tensor, "... 3"]  # decay, half-saturation and slope of any batch
WorldGeoRest = Float[Tensor, "world geo ..."]
WorldGroupRest = Float[Tensor, "world group ..."]
