# %% [markdown]
# # Compare libraries
#
# Which of these models comes near to the truth, and may its intervals be believed? Two quick ones
# here, so that this page is made in seconds: `scipy` (least squares) and `numpyro-mmm` (the
# PyMC-Marketing model by NUTS). Libraries are added by name: `"nutpie"`, `"meridian-default"`; each
# gets an environment of its own on first use. Both models here are written by this project.

# %%
from tempfile import mkdtemp

from mmm_benchmark import run_benchmark

results = run_benchmark(
    datasets=["small_business"],
    samplers=["scipy", "numpyro-mmm"],
    chains=2, draws=200, tune=200,
    results=mkdtemp(), plots=False, page=False,
)  # fmt: skip

# %% [markdown]
# One line was written over while the fits ran. What came of it: the verdict, and the table to read
# first.

# %%
results

# %% [markdown]
# Whatever the verdict says, **one world is one throw of the dice.** With `seeds=[1, 2, 3]` the tables
# `seed_summary` and `paired_comparison` say what is difference and what is luck.

# %%
results.tables["roas_recovery"][
    ["fitter", "channel", "true_roas", "roas", "roas_covered_90"]
].round(2)

# %%
results.figure("roas")

# %%
results.figure("contributions_numpyro-mmm")

# %% [markdown]
# The last one reads: black is the truth; it should stay inside the band nine weeks in ten.
#
# ## The draws in ArviZ
#
# A stored fit is a tree with groups `posterior`, `posterior_predictive` and `sample_stats`, which
# ArviZ 1.x takes as it is.

# %%
import arviz as az

tree = results.fits["small_business@42/numpyro-mmm"]
tree

# %%
az.summary(tree, var_names=["roas"], ci_prob=0.9)

# %%
_ = az.plot_forest(tree, var_names=["roas"], ci_probs=(0.5, 0.9))

# %%
_ = az.plot_rank_dist(tree, var_names=["roas"])

# %% [markdown]
# At most 500 draws are stored; R-hat and effective sample size of the whole sample are in
# `results.tables["diagnostics_summary"]`.
#
# ## A mistake is one line

# %% tags=["raises-exception"]
run_benchmark(datasets=["smal_business"])
