# %% [markdown]
# # Your own data
#
# Any table with a date, spend by channel and sales will do. Here a spreadsheet as a European one is
# exported: semicolons, decimal commas, thousands marks. (It is made by the generator, so at the end
# the truth can be revealed; with yours it cannot.)

# %%
from pathlib import Path
from tempfile import mkdtemp

from mmm_data_generator import generate_mmm_dataset

folder = Path(mkdtemp())
world = generate_mmm_dataset("small_business", seed=11)
channels = {f"x{i}_{name}": name for i, name in enumerate(world.observed["channel"].values, 1)}
table = world.data.drop(columns="geo").rename(columns={**channels, "y": "Sales", "c1": "Price"})
names = list(channels.values())
for column in ["Sales", *names]:
    table[column] = [f"{x:,.2f}".translate({44: ".", 46: ","}) for x in table[column]]
table["date"] = table["date"].dt.strftime("%d.%m.%Y")
table[["date", "Sales", *names]].to_csv(folder / "sales.csv", sep=";", index=False)
print((folder / "sales.csv").read_text()[:300])

# %% [markdown]
# Bringing it in: what is clear is read, what is unclear is asked about, and what looks odd is said.
# (The same from Python: `MMMDataset.from_frame`.)

# %%
# !mmm-benchmark import {folder}/sales.csv --date date --target Sales --channels {" ".join(names)} --out {folder}/mine

# %%
from mmm_data_generator import MMMDataset

MMMDataset.load(folder / "mine")

# %% [markdown]
# Several models answer, each in its own way:

# %%
from mmm_benchmark import run_benchmark

results = run_benchmark(
    datasets=[str(folder / "mine")],
    samplers=["scipy", "numpyro-laplace"],
    results=folder / "results", plots=False, page=False,
)  # fmt: skip
results

# %% [markdown]
# `estimates` holds all of it: contribution, share of sales, return, marginal return, carry-over,
# saturation, each with its 90% interval.

# %%
wanted = ["fitter", "channel", "roas", "roas_q05", "roas_q95", "marginal_roas"]
results.tables["estimates"][wanted].round(2)

# %%
results.figure("roas")

# %% [markdown]
# **Do models that agree tell the truth?** Not always: they may share a mistake. Here the truth can be
# revealed, and you may see for yourself which intervals hold it:

# %%
world.truth["roas"].to_series().round(2)

# %% [markdown]
# So before money is moved: simulate worlds like yours and see who recovers them
# ([I need worlds](../need_worlds.html)), and confirm by an experiment.
