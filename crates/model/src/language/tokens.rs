//! A rule's text as words.

use super::Name;
use super::parse::SyntaxError;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(Name),
    /// A function or a constant.
    Word(String),
    Plus,
    Minus,
    Times,
    Over,
    Outer,
    Power,
    Open,
    Close,
    Comma,
    End,
}

impl Token {
    /// For messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Token::Number(x) => format!("'{x}'"),
            Token::Name(name) => format!("'{}'", name.text()),
            Token::Word(word) => format!("'{word}'"),
            Token::Plus => "'+'".to_owned(),
            Token::Minus => "'-'".to_owned(),
            Token::Times => "'*'".to_owned(),
            Token::Over => "'/'".to_owned(),
            Token::Outer => "'⊗'".to_owned(),
            Token::Power => "'^'".to_owned(),
            Token::Open => "'('".to_owned(),
            Token::Close => "')'".to_owned(),
            Token::Comma => "','".to_owned(),
            Token::End => "the end".to_owned(),
        }
    }
}

/// A word and its column, from 1, in characters.
pub(super) type Placed = (usize, Token);

/// A letter of a word: superscripts mean something of their own.
fn is_letter(c: char) -> bool {
    c == '_' || (c.is_alphabetic() && !matches!(c, 'ᵀ' | 'ᵗ'))
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '−' | '⁻')
}

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, SyntaxError> {
    let mut reader = Reader {
        chars: text.chars().collect(),
        at: 0,
    };
    let mut found = Vec::new();
    loop {
        while reader.peek().is_some_and(char::is_whitespace) {
            reader.at += 1;
        }
        let column = reader.at + 1;
        let Some(c) = reader.peek() else {
            found.push((column, Token::End));
            return Ok(found);
        };
        let token = if c.is_ascii_digit() || c == '.' {
            reader.number(column)?
        } else if is_letter(c) {
            reader.word(column)?
        } else {
            reader.at += 1;
            match c {
                '+' => Token::Plus,
                '-' | '−' => Token::Minus,
                '*' | '·' | '⋅' | '×' | '⊙' => Token::Times,
                '/' => Token::Over,
                '⊗' => Token::Outer,
                '^' => Token::Power,
                '(' if reader.rest().starts_with(&['x', ')']) => {
                    reader.at += 2;
                    Token::Outer
                }
                '(' => Token::Open,
                ')' => Token::Close,
                ',' => Token::Comma,
                '²' | '³' => {
                    found.push((column, Token::Power));
                    Token::Number(if c == '²' { 2.0 } else { 3.0 })
                }
                other => {
                    let hint = match other {
                        '\'' | 'ᵀ' => "; a transposed matrix stands in W'y and W'e alone",
                        '⁻' => "; it belongs to y⁻, e⁻ and We⁻ alone",
                        '@' => "; an outer product is written ⊗ or (x)",
                        _ => "",
                    };
                    return SyntaxError::at(
                        column,
                        format!("'{other}' is no part of a rule{hint}"),
                    );
                }
            }
        };
        found.push((column, token));
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn rest(&self) -> &[char] {
        &self.chars[self.at..]
    }

    fn take_while(&mut self, which: impl Fn(char) -> bool) -> String {
        let taken: String = self.rest().iter().take_while(|c| which(**c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn number(&mut self, column: usize) -> Result<Token, SyntaxError> {
        let mut text = self.take_while(|c| c.is_ascii_digit() || c == '.');
        let exponent = match self.rest() {
            ['e' | 'E', '+' | '-', digit, ..] => digit.is_ascii_digit(),
            ['e' | 'E', digit, ..] => digit.is_ascii_digit(),
            _ => false,
        };
        if exponent {
            text.extend(&self.rest()[..2]);
            self.at += 2;
            text += &self.take_while(|c| c.is_ascii_digit());
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => SyntaxError::at(column, format!("'{text}' is not a finite number")),
        }
    }

    /// y, y⁻, W'y, a function, a constant.
    fn word(&mut self, column: usize) -> Result<Token, SyntaxError> {
        let word = self.take_while(|c| is_letter(c) || c.is_ascii_digit());
        let before = self.peek().is_some_and(is_minus);
        let name = match (word.as_str(), before) {
            ("y", true) => Name::PreActivity,
            ("e", true) => Name::PreError,
            ("We", true) => Name::ForwardError,
            ("W", _)
                if self
                    .peek()
                    .is_some_and(|c| matches!(c, '\'' | '’' | 'ᵀ' | 'ᵗ')) =>
            {
                self.at += 1;
                self.take_while(char::is_whitespace);
                let letter = self.take_while(|c| is_letter(c) || c.is_ascii_digit());
                match (letter.as_str(), self.peek().is_some_and(is_minus)) {
                    ("y", false) => return Ok(Token::Name(Name::BackActivity)),
                    ("e", false) => return Ok(Token::Name(Name::BackError)),
                    // "W'y-c" and "W'y- " alike would be of the wrong side.
                    (_, minus) => {
                        let shown = if minus { format!("{letter}-") } else { letter };
                        return SyntaxError::at(
                            column,
                            format!(
                                "Wᵀ goes with y or e, as in W'y, not with '{shown}'; a minus needs a space before it"
                            ),
                        );
                    }
                }
            }
            _ => return Ok(Name::from_text(&word).map_or(Token::Word(word), Token::Name)),
        };
        self.at += 1;
        Ok(Token::Name(name))
    }
}

impl Name {
    /// The name that is typed so.
    pub fn from_text(text: &str) -> Option<Name> {
        Name::all().find(|name| name.text() == text)
    }
}
