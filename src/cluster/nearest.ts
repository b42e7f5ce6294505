/** The number of characters to insert, leave out or replace that makes `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const [above = 0, diagonal = 0, left = 0] = [row[j + 1], row[j], next[j]];
      next.push(Math.min(above + 1, left + 1, diagonal + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

const MOST_TYPING_ERRORS = 2;

/** The known word that was most likely meant, whatever its case and dashes; undefined where none is close. */
export function nearest<T extends string>(word: string, known: readonly T[]): T | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, '');
  const close = known
    .map((candidate) => ({ candidate, typos: distance(plain(word), plain(candidate)) }))
    .filter(({ typos }) => typos <= MOST_TYPING_ERRORS)
    .toSorted((a, b) => a.typos - b.typos);
  return close[0]?.candidate;
}
