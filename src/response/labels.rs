//! Names of charsets that Python has and the WHATWG has not, for charsets that both have.

/// The charset of the WHATWG, and Python's names that no rule makes one of its own labels.
const NAMES: [(&str, &[&str]); 31] = [
    ("big5", &["950", "big5_tw", "big5hkscs", "cp950", "hkscs", "ms950", "x_mac_trad_chinese"]),
    ("euc-jp", &["eucjp", "u_jis", "ujis"]),
    (
        "euc-kr",
        &[
            "949",
            "cp949",
            "euckr",
            "ks_c_5601",
            "ks_c_5601_1987",
            "ks_x_1001",
            "ksx1001",
            "ms949",
            "uhc",
            "x_mac_korean",
        ],
    ),
    ("gb18030", &["gb18030_2000"]),
    (
        "gbk",
        &[
            "936",
            "cp936",
            "euc_cn",
            "euccn",
            "eucgb2312_cn",
            "gb2312_1980",
            "gb2312_80",
            "ms936",
            "x_mac_simp_chinese",
        ],
    ),
    ("iso-2022-jp", &["iso2022_jp", "iso2022jp"]),
    ("iso-8859-10", &["iso_8859_10_1992"]),
    ("iso-8859-13", &["l7", "latin7"]),
    ("iso-8859-14", &["iso_8859_14_1998", "iso_celtic", "iso_ir_199", "l8", "latin8"]),
    ("iso-8859-15", &["latin9"]),
    ("iso-8859-16", &["iso8859_16", "iso_8859_16_2001", "iso_ir_226", "l10", "latin10"]),
    ("iso-8859-2", &["iso_8859_2_1987"]),
    ("iso-8859-3", &["iso_8859_3_1988"]),
    ("iso-8859-4", &["iso_8859_4_1988"]),
    ("iso-8859-5", &["iso_8859_5_1988"]),
    ("iso-8859-6", &["iso_8859_6_1987"]),
    ("iso-8859-7", &["iso_8859_7_1987"]),
    ("iso-8859-8", &["iso_8859_8_1988"]),
    ("macintosh", &["mac_roman", "macroman"]),
    ("shift_jis", &["932", "cp932", "mskanji", "s_jis", "shiftjis", "x_mac_japanese"]),
    ("windows-1250", &["1250"]),
    ("windows-1251", &["1251"]),
    ("windows-1252", &["1252"]),
    ("windows-1253", &["1253"]),
    ("windows-1254", &["1254", "iso_8859_9_1989"]),
    ("windows-1255", &["1255"]),
    ("windows-1256", &["1256"]),
    ("windows-1257", &["1257"]),
    ("windows-1258", &["1258"]),
    (
        "windows-874",
        &[
            "cp874",
            "iso_8859_11_2001",
            "iso_ir_166",
            "thai",
            "tis620",
            "tis_620_0",
            "tis_620_2529_0",
            "tis_620_2529_1",
        ],
    ),
    ("x-mac-cyrillic", &["mac_cyrillic", "maccyrillic"]),
];

/// Returns the label of the WHATWG for a name of Python's, in its normal form.
pub(super) fn of_python(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(label, _)| *label)
}
