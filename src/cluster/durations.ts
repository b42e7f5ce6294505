import type { Breach, Parsed } from './parsed.ts';

const UNIT_SECONDS: Readonly<Record<string, bigint>> = {
  s: 1n,
  m: 60n,
  h: 3600n,
  d: 86_400n,
  y: 31_536_000n,
};

const DURATION = /^(?:\d{1,12}(?:\.\d{1,3})?[smhdy])+$/;
const PART = /(\d+)(?:\.(\d+))?([smhdy])/g;

function breachOf(text: string): Breach {
  const rule = 'must be a period of whole seconds';
  if (/^\d+$/.test(text)) return { rule, hint: `add a unit: ${text}h or ${text}d` };
  return { rule, hint: 'numbers with the units y (365 days), d, h, m, s: 8760h, 43800h30m, 365d, 10y' };
}

/**
 * Reads a period as Go writes it (`8760h`, `43800h30m`, `1.5h`), with days and years of 365 days besides. Does not
 * bound it.
 *
 * @returns Seconds; a text that does not come to whole seconds is refused.
 */
export function parseDuration(text: string): Parsed<number> {
  if (text === '0') return { value: 0 };
  if (!DURATION.test(text)) return breachOf(text);
  // In thousandths, as whole numbers: 1.1 minutes would not come to 66 seconds otherwise.
  const milliseconds = [...text.matchAll(PART)]
    .map(
      ([, whole, fraction = '', unit = '']) =>
        BigInt(`${whole}${fraction.padEnd(3, '0')}`) * (UNIT_SECONDS[unit] ?? 0n),
    )
    .reduce((sum, part) => sum + part, 0n);
  return milliseconds % 1000n === 0n ? { value: Number(milliseconds / 1000n) } : breachOf(text);
}
