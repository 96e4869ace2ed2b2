//! Letters that look alike, and what may be meant for a letter.

/// What is no letter and may be meant for one.
pub(crate) const fn looks_like_letter(sign: char) -> bool {
    sign.is_ascii_digit() || matches!(sign, '@' | '$' | '€')
}

/// One letter for all that look like it. Where more than one letter looks like a sign, the letters
/// are one as well.
pub(crate) const fn alike(sign: char) -> char {
    match sign {
        '4' | '@' | 'а' | 'α' | 'ɑ' | 'ᴀ' => 'a',
        '8' | 'в' | 'β' | 'ʙ' | 'ь' => 'b',
        'с' | 'ϲ' | 'ᴄ' | 'ƈ' => 'c',
        'ԁ' | 'đ' | 'ɖ' | 'ᴅ' => 'd',
        '3' | 'е' | 'ε' | 'є' | 'ᴇ' | 'ə' | 'ɛ' | '€' => 'e',
        'ғ' | 'ꜰ' | 'ƒ' => 'f',
        'ɡ' | 'ɢ' | 'ǥ' => 'g',
        'һ' | 'н' | 'ħ' | 'ʜ' => 'h',
        '1' | 'l' | 'і' | 'ı' | 'ι' | 'ł' | 'ɩ' | 'ɪ' | 'ʟ' | 'ӏ' | 'ɨ' => 'i',
        'ј' | 'ᴊ' | 'ϳ' => 'j',
        'к' | 'κ' | 'ᴋ' | 'ĸ' => 'k',
        'м' | 'ᴍ' => 'm',
        'п' | 'η' | 'ɴ' | 'ŋ' => 'n',
        '0' | 'о' | 'ο' | 'σ' | 'ø' | 'ɵ' | 'ᴏ' => 'o',
        'р' | 'ρ' | 'ᴘ' | 'þ' => 'p',
        'ԛ' => 'q',
        'г' | 'ʀ' => 'r',
        '5' | '$' | 'ѕ' | 'ς' | 'ꜱ' => 's',
        '7' | 'т' | 'τ' | 'ᴛ' | 'ŧ' => 't',
        'и' | 'μ' | 'υ' | 'ᴜ' | 'ʋ' => 'u',
        'ν' | 'ѵ' | 'ᴠ' => 'v',
        'ԝ' | 'ω' | 'ш' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' | 'ү' | 'ʏ' => 'y',
        'ᴢ' | 'ʐ' | 'ƶ' => 'z',
        // Letters in boxes and circles, and those that flags are made of.
        '\u{1F130}'..='\u{1F149}' => boxed(sign, '\u{1F130}'),
        '\u{1F150}'..='\u{1F169}' => boxed(sign, '\u{1F150}'),
        '\u{1F170}'..='\u{1F189}' => boxed(sign, '\u{1F170}'),
        '\u{1F1E6}'..='\u{1F1FF}' => boxed(sign, '\u{1F1E6}'),
        _ => sign,
    }
}

const fn boxed(sign: char, first: char) -> char {
    let letter = (sign as u32 - first as u32) as u8;
    match b'a' + letter {
        b'l' => 'i',
        letter => letter as char,
    }
}
