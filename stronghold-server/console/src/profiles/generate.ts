/** Random values, from the browser's generator. */

/** The characters that a value is made of. */
export type Alphabet = "alphanumeric" | "symbols" | "hex" | "base64url" | "digits";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";

/** The alphabets; those symbols that shells, URLs and dotenv files read as their own are left out. */
const CHARACTERS: Record<Alphabet, string> = {
  alphanumeric: LETTERS + DIGITS,
  symbols: `${LETTERS}${DIGITS}!%*+,-./:=?@^_~`,
  hex: `${DIGITS}abcdef`,
  base64url: `${LETTERS}${DIGITS}-_`,
  digits: DIGITS,
};

/** The alphabets to choose from. */
export const ALPHABETS: { value: Alphabet; label: string }[] = [
  { value: "alphanumeric", label: "Letters and digits" },
  { value: "symbols", label: "Letters, digits and symbols" },
  { value: "hex", label: "Hexadecimal" },
  { value: "base64url", label: "Base64 for URLs" },
  { value: "digits", label: "Digits" },
];

/** The longest value that is generated. */
export const LONGEST = 4096;

/** A random text: each character is as likely as each other. Bytes above the last whole multiple of the alphabet are thrown away. */
export function generate(alphabet: Alphabet, length: number): string {
  const characters = CHARACTERS[alphabet];
  const limit = 256 - (256 % characters.length);
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(256))) {
      if (byte < limit && text.length < length) {
        text += characters.charAt(byte % characters.length);
      }
    }
  }
  return text;
}

/** How many bits such a text has at random. */
export function entropy(alphabet: Alphabet, length: number): number {
  return Math.floor(length * Math.log2(CHARACTERS[alphabet].length));
}
