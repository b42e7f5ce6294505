import type { Parsed } from './parsed.ts';

const UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  // U+00B5 and U+03BC, as Go has it.
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const NUMBER = String.raw`(?:\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})`;
const UNIT = '(?:ns|us|µs|μs|ms|s|m|h)';
const GO_DURATION = new RegExp(`^[-+]?(?:0|(?:${NUMBER}${UNIT})+)$`);
const PART = new RegExp(String.raw`(\d*)\.?(\d*)(${UNIT})`, 'g');
const DIGITS = 9;

/**
 * Reads a period as Go's `time.ParseDuration` does: `8760h0m0s`, `1.5h`, `-5m`, without days and years.
 *
 * @returns Nanoseconds.
 */
export function parseGoDuration(text: string): Parsed<bigint> {
  if (!GO_DURATION.test(text)) {
    return { rule: 'must be a period as Go writes it', hint: 'with the units h, m, s, ms: 8760h0m0s' };
  }
  const sum = [...text.matchAll(PART)]
    .map(([, whole = '', fraction = '', unit = '']) => {
      const scaled = BigInt(`${whole}${fraction.padEnd(DIGITS, '0')}`);
      return (scaled * (UNIT_NANOSECONDS[unit] ?? 0n)) / 10n ** BigInt(DIGITS);
    })
    .reduce((total, part) => total + part, 0n);
  return { value: text.startsWith('-') ? -sum : sum };
}

const SECOND = 1_000_000_000n;

/** The same where it has to come to whole seconds, which is all that a certificate can say: as text, `31536000s`. */
export function parseGoSeconds(text: string): Parsed<string> {
  const parsed = parseGoDuration(text);
  if ('rule' in parsed) return parsed;
  if (parsed.value >= 0n && parsed.value % SECOND === 0n) return { value: `${parsed.value / SECOND}s` };
  return { rule: 'must be a period of whole seconds', hint: 'for example 8760h0m0s' };
}

/** A period as Go prints it: `8760h0m0s`, `5m0s`, `30s`. */
export function goDurationText(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
