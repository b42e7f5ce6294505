import { PkiError, type SpecIssue } from '../errors.ts';

/** Of a file that is no such list, so many lines are named. */
const MAXIMUM_ISSUES = 10;

/**
 * Reads a list of weak keys, one in each line, in hex; empty lines and those that begin with `#` say nothing. A key stands as
 * Debian's openssl-blacklist has it, by the last 20 digits of the SHA-1 of its modulus as OpenSSL prints it, or by the 64
 * digits of the SHA-256 of its SubjectPublicKeyInfo.
 *
 * @param name What the list is called in issues.
 * @returns The keys, in lower case.
 * @throws {PkiError} `ERR_CONFIG` with the first ten lines that are neither, or where no line is a key: a list that could not
 * be read would clear every key.
 */
export function parseWeakKeyList(text: string, name: string): ReadonlySet<string> {
  const issues: SpecIssue[] = [];
  const keys = new Set<string>();
  text.split('\n').forEach((line, index) => {
    const word = line.trim().toLowerCase();
    if (/^(?:[0-9a-f]{20}|[0-9a-f]{64})$/.test(word)) keys.add(word);
    else if (word !== '' && !word.startsWith('#') && issues.length < MAXIMUM_ISSUES) {
      issues.push({
        option: 'weak-keys',
        value: `${name}:${index + 1}`,
        rule: 'must be 20 or 64 hexadecimal digits',
        hint: "as in Debian's openssl-blacklist, or the SHA-256 of a SubjectPublicKeyInfo",
      });
    }
  });
  if (issues.length === 0 && keys.size === 0)
    issues.push({ option: 'weak-keys', value: name, rule: 'must name a key' });
  if (issues.length > 0) {
    throw new PkiError('ERR_CONFIG', `${name} is no list of weak keys`, { detail: { issues } });
  }
  return keys;
}
