"""A referral that waits to be redeemed: all of it sealed with the code itself."""

from datetime import date

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base
from clinic.privacy.policy import keep


class Referral(Base):
    """From whom, to whom and for what opens only with the code that she carries; gone once redeemed or too old."""

    __tablename__ = "referral"
    __table_args__ = (
        Index("ix_referral_forget_on", "forget_on"),
        {"info": {"personal": True}, "sqlite_with_rowid": False},
    )

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True, info=keep("referral", "hashed"))
    box: Mapped[bytes] = mapped_column(LargeBinary, info=keep("referral", "sealed"))
    forget_on: Mapped[date] = mapped_column(info=keep("forget_day"))
