"""The record as Parquet files in a ZIP: the same tables as the CSV has, with days as days, numbers as numbers and lists as lists."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from api.dataset import about
from api.dataset.fields import Field
from api.dataset.files import Written
from api.dataset.package import accompanied, package_of
from api.dataset.snapshot import Snapshot
from api.dataset.tables import Table

