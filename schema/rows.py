"""Whole lists, row by row: the statement of a list that an operation asks for, without its pages, to be streamed.

The same fields, filters, order and clock as the list's pages have, read at one position: never a page glued to a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from graphql import FieldNode, GraphQLObjectType
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from schema.arguments import Arguments, Variables, given_arguments
from schema.cells import Cell, cells
from schema.clock import CLOCK_TYPES, CLOCKS, NEWEST, asked
from schema.document import Operation
from schema.json_text import as_sql, literal
from schema.paged import Paged, _Page
from schema.parameters import Bound, distinct, misfits
from schema.plan import OF_THE_REQUEST, _parameter, _root_members
from schema.planning import At, Planning
from schema.query import schema
from schema.refusals import Refused
