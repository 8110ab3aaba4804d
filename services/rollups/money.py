"""Money: sales and refunds on their own days, attempts in their present state, per currency."""

from typing import Final

from services.rollups import money_payments as payments
from services.rollups import money_top as top
from services.rollups.money_cells import CELLS
from services.rollups.part import Part, Rollup

MONEY: Final = Part(
    name="money",
    staging=(*payments.STAGING, *top.STAGING),
    steps=(
        payments.STAGE,
        payments.ANALYZE_NEW,
        payments.DIFFER,
        payments.MOVE,
        payments.ANALYZE_MOVES,
        *(step for cells in CELLS for step in cells.steps()),
        top.MARK,
        top.ADD,
        top.DROP,
        top.REFILL,
        top.REMEMBER,
        payments.STORE,
    ),
    rollups=(
        Rollup("payment_applied", payments.RECOMPUTE),
        *(cells.rollup() for cells in CELLS),
        top.TOP,
    ),
    prepares=(top.PREPARE,),
)
