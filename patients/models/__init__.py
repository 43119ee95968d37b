"""The patient's card (МКАБ) and the state of its upload to the MIP."""

from patients.models.patient import Patient
from patients.models.upload import CardUpload

__all__ = ["CardUpload", "Patient"]
