-- What cities have in common that are equal without regard to case and accents.
SELECT LEFT(MD5(WEIGHT_STRING(RTRIM(:city) COLLATE utf8mb4_unicode_520_ci)), 16) AS cityKey
