"""Over Django's own formats: a day without its year, in the order of `SHORT_DATE_FORMAT`."""

SHORT_DAY_FORMAT = "m/d"
SHORT_DAY_TIME_FORMAT = "m/d H:i"
