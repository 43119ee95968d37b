"""The patient's card (МКАБ), the state of its upload to the MIP, and the gate to the MIP."""

from patients.models.gate import MipGate
from patients.models.patient import Patient, Sex
from patients.models.upload import CardUpload

__all__ = ["CardUpload", "MipGate", "Patient", "Sex"]
