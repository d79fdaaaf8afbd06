"""Datasets as the inputs of other libraries, ready to fit. None of them is imported here."""

from __future__ import annotations

from mmm_data_generator.adapters.lift_tests import for_meridian, for_pymc_marketing
from mmm_data_generator.adapters.lightweight_mmm import LightweightInputs, to_lightweight_mmm
from mmm_data_generator.adapters.meridian import meridian_arrays, to_meridian
from mmm_data_generator.adapters.pymc_marketing import PyMCMarketingInputs, to_pymc_marketing
from mmm_data_generator.adapters.robyn import RobynInputs, save_robyn, to_robyn

__all__ = [
    "LightweightInputs",
    "PyMCMarketingInputs",
    "RobynInputs",
    "for_meridian",
    "for_pymc_marketing",
    "meridian_arrays",
    "save_robyn",
    "to_lightweight_mmm",
    "to_meridian",
    "to_pymc_marketing",
    "to_robyn",
]
