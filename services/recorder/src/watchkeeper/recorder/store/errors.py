"""The database's refusals of data, as opposed to its absence."""

import asyncpg


def is_data_error(error: BaseException) -> bool:
    """Whether the rows themselves are at fault: the same rows would be refused again."""
    return isinstance(error, asyncpg.DataError | asyncpg.ProgramLimitExceededError)


def is_missing_partition(error: BaseException) -> bool:
    """Whether a row found no partition: it was dropped, or the database is another one."""
    return isinstance(error, asyncpg.CheckViolationError)


def is_contention(error: BaseException) -> bool:
    """Whether another transaction stood in the way: the database is well, and the next try finds it gone."""
    return isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.LockNotAvailableError)
