"""Over Django's own formats: it writes `22 Ноябрь` above the lists of a day, and knows no day without its year."""

MONTH_DAY_FORMAT = "j E"
SHORT_DAY_FORMAT = "d.m"
SHORT_DAY_TIME_FORMAT = "d.m H:i"
