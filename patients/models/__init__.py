"""The patient's card (МКАБ) with its phones, the state of its upload to the MIP, and the gate to the MIP."""

from patients.models.gate import MipGate
from patients.models.patient import Attachment, NoPolis, Patient, Relation, Sex
from patients.models.phone import PatientPhone
from patients.models.upload import CardUpload

__all__ = ["Attachment", "CardUpload", "MipGate", "NoPolis", "Patient", "PatientPhone", "Relation", "Sex"]
