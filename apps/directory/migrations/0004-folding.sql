-- Names are folded anew: marks of all scripts in which they are accents, both forms of sigma, both normal forms, widths and
-- ligatures. The rows whose keys change are written and all names counted again; writers wait meanwhile, readers do not. Of
-- 1,000,000 users that takes 2 s, and up to 40 s when every name has such a sign.

LOCK TABLE directory.users IN SHARE ROW EXCLUSIVE MODE;

-- A name as it is compared, searched and sorted: the one place where names and searched words are folded.
-- 1. NFKD parts letters and accents, and makes one of widths, ligatures and presentation forms.
-- 2. Accents go: combining marks, Hebrew points, Arabic and Syriac vowels and hamzas, the Arabic tatweel. So do signs that
--    nobody sees: soft hyphens, joiners, directions, variation selectors. Vowels of Indic scripts, voicing marks of kana
--    and tones of Thai are letters and stay.
-- 3. unaccent knows the letters that do not come apart: ß æ đ ł ø ı, and quotes and dashes. Its dictionary is taken as fixed;
--    who changes it writes the names anew.
-- 4. Lower case, in which a final sigma is a sigma, as in capitals.
-- 5. NFC puts syllables of Hangul and kana together again, so that a part of one is not found.
CREATE OR REPLACE FUNCTION directory.name_key(name text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE WHEN octet_length(name) = char_length(name) THEN lower(name COLLATE "default") ELSE
    normalize(translate(lower(public.unaccent('public.unaccent'::regdictionary, regexp_replace(
      normalize(translate(name, '´', ''''), NFKD),
      '[\u0300-\u036F\u0483-\u0489\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F'
        '\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7'
        '\u0610-\u061A\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u0898-\u089F\u08CA-\u08E1\u08E3-\u08FF'
        '\u0711\u0730-\u074A'
        '\u00AD\u061C\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFE00-\uFE0F\uFEFF\U000E0100-\U000E01EF]+',
      '', 'g')) COLLATE "default"), 'ς', 'σ'), NFC) END;

-- OFFSET 0 keeps the comparison behind DISTINCT: names are few, users are many.
CREATE TEMPORARY TABLE refolded ON COMMIT DROP AS
  SELECT 'last' AS part, last_name AS name
  FROM (SELECT DISTINCT last_name, last_key FROM directory.users OFFSET 0) AS spelled
  WHERE directory.name_key(last_name) <> last_key
  UNION ALL
  SELECT 'first', first_name
  FROM (SELECT DISTINCT first_name, first_key FROM directory.users OFFSET 0) AS spelled
  WHERE directory.name_key(first_name) <> first_key;
ANALYZE refolded;

SELECT set_config('directory.bulk', 'on', true);
UPDATE directory.users SET last_name = last_name, first_name = first_name
  WHERE last_name IN (SELECT name FROM refolded WHERE part = 'last') OR first_name IN (SELECT name FROM refolded WHERE part = 'first');
SELECT directory.recount_names() WHERE EXISTS (SELECT FROM refolded);
SELECT set_config('directory.bulk', '', true);
