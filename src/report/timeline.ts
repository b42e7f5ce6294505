import type { Expiration } from '../expiration.ts';
import { printable } from './columns.ts';
import type { ExpirationReport } from './expiration.ts';
import { DAY_MILLISECONDS, TIMELINE_TICKS } from './expiry.ts';
import { humanDuration } from './human-duration.ts';

const WIDTH = 48;

const UNICODE = { bar: '━', end: '●', over: '×' };
const ASCII = { bar: '-', end: '*', over: 'x' };

/** How far each end is, nearest first, on a logarithmic scale: what ends next week shows beside what ends in ten years. */
export function timelineText(
  { expirations, at }: ExpirationReport,
  {
    isUnicode,
    paint,
  }: { readonly isUnicode: boolean; readonly paint: (line: string, expiration: Expiration) => string },
): readonly string[] {
  const strokes = isUnicode ? UNICODE : ASCII;
  const ends = expirations.flatMap((expiration) => {
    const { certificate, name } = expiration;
    if (certificate === undefined) return [];
    const days = (certificate.notAfter.getTime() - at.getTime()) / DAY_MILLISECONDS;
    return [{ expiration, name: printable(name), days }];
  });
  const longest = Math.max(1, ...ends.map(({ days }) => days));
  const columnOf = (days: number): number =>
    Math.round((Math.log1p(Math.max(0, days)) / Math.log1p(longest)) * (WIDTH - 1));
  const widest = Math.max(0, ...ends.map(({ name }) => name.length));
  const scale = TIMELINE_TICKS.filter(({ days }) => days < longest).reduce(
    (line, { days, label }) => line.padEnd(columnOf(days) - label.length + 1) + label,
    '',
  );
  const lines = ends
    .toSorted((a, b) => a.days - b.days)
    .map(({ expiration, name, days }) => {
      const bar = days < 0 ? strokes.over : strokes.bar.repeat(columnOf(days)) + strokes.end;
      const line = `${name.padEnd(widest)}  ${bar.padEnd(WIDTH)}  ${humanDuration(expiration.residualSeconds)}`;
      return paint(line, expiration);
    });
  return lines.length === 0 ? [] : [`${''.padEnd(widest)}  ${scale}`, ...lines];
}
