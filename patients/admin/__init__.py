"""Cards and their uploads in the staff's site."""

from patients.admin.patient import PatientAdmin
from patients.admin.upload import CardUploadAdmin, MipGateAdmin

__all__ = ["CardUploadAdmin", "MipGateAdmin", "PatientAdmin"]
