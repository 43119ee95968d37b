"""Over Django's own formats: it writes `22 Ноябрь` above the lists of a day."""

MONTH_DAY_FORMAT = "j E"
