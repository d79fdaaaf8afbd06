# %% [markdown]
# # The generator in five minutes
#
# A world is a configuration and a seed; the same two give the same world on any machine. What it
# holds: the table a company would have, and the truth behind it that no company has.

# %%
from mmm_data_generator import generate_mmm_dataset

dataset = generate_mmm_dataset("small_business", seed=7)
dataset

# %% [markdown]
# The table, as a company would have it: spend by channel (`x1_...`), controls (`c1`, ...), sales
# (`y`).

# %%
dataset.data.head()

# %% [markdown]
# The truth: the parts of sales, the parameters and the estimands, labelled and with units.

# %%
truth = dataset.truth
truth[["roas", "marginal_roas"]].to_dataframe().round(2)

# %%
from mmm_data_generator.plots import plot_channel_contributions, plot_response_curves

plot_channel_contributions(dataset)

# %%
plot_response_curves(dataset)

# %% [markdown]
# Parts add up to sales exactly:

# %%
parts = (
    truth["baseline"]
    + truth["contribution"].sum("channel")
    + truth["control_contribution"].sum("control")
    + truth["noise"]
)
float(abs(parts - dataset.observed["sales"]).max())

# %% [markdown]
# ## What if another plan had been run?
#
# The same world, noise included, under half the spend on the first channel:

# %%
plan = dataset.observed["spend"].copy()
plan[..., 0] = 0.5 * plan[..., 0]
outcome = dataset.counterfactual(plan)
lost = float((dataset.observed["sales"] - outcome["sales"]).sum())
saved = float((dataset.observed["spend"] - plan).sum())
print(f"spent {saved:,.0f} less, sold {lost:,.0f} less")

# %% [markdown]
# ## What goes wrong in practice
#
# Stressors are presets too: here people who want the product search for it, and search spend
# follows them. A model that does not know credits the demand to the channel.

# %%
from mmm_data_generator import list_available_presets

stressed = generate_mmm_dataset("stress_demand", seed=7)
print(", ".join(list_available_presets()))
stressed

# %% [markdown]
# ## Thousands at once
#
# From a law over whole worlds, as arrays (here eight; `"published"` has published returns, media
# shares and carry-over):

# %%
import numpy as np

from mmm_data_generator import draw_batch

batch = draw_batch(np.random.default_rng(1), "published", 8)
print(batch["spend"].shape, "world, geo, date, channel")
batch.dataset(0)

# %% [markdown]
# A mistake is one line:

# %% tags=["raises-exception"]
generate_mmm_dataset("smal_business")
