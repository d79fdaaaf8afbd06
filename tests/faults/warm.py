"""What a run imports, imported: the fork server of :mod:`tests.faults.driver` loads this once.

Nothing is called here, no thread is started and no file is open, so a fork finds all as new.
"""

import mmm_benchmark.api
import mmm_benchmark.cli
import mmm_benchmark.report.refresh
import mmm_benchmark.report.tables.build
import mmm_benchmark.run.answer_checks
import mmm_benchmark.scoring.score  # noqa: F401
import mmm_data_generator.dataset.netcdf  # noqa: F401
