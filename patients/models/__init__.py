"""The patient's card (МКАБ) and what belongs to it, the state of its upload to the MIP, and the gate to the MIP."""

from patients.models.attempts import UploadAttempt, UploadMinute
from patients.models.backfill import Backfill
from patients.models.duplicates import LikelyDuplicate
from patients.models.exchange import ExchangeMark, ExchangePause, ExchangeSettings
from patients.models.figures import ExchangeFigures
from patients.models.gate import MipGate
from patients.models.imports import CardImport, CardImportChunk, CardImportRow
from patients.models.patient import Attachment, NoPolis, Patient, Relation, Sex
from patients.models.phone import PatientPhone
from patients.models.reconciliation import MipHolding, Reconciliation, ReconciliationFinding
from patients.models.totals import UploadTotal
from patients.models.upload import CardUpload

__all__ = [
    "Attachment",
    "Backfill",
    "CardImport",
    "CardImportChunk",
    "CardImportRow",
    "CardUpload",
    "ExchangeFigures",
    "ExchangeMark",
    "ExchangePause",
    "ExchangeSettings",
    "LikelyDuplicate",
    "MipGate",
    "MipHolding",
    "NoPolis",
    "Patient",
    "PatientPhone",
    "Reconciliation",
    "ReconciliationFinding",
    "Relation",
    "Sex",
    "UploadAttempt",
    "UploadMinute",
    "UploadTotal",
]
