import type { Evidence } from '../checks/evidence.ts';
import { count } from './columns.ts';
import { type HeldCertificate, heldCertificates } from './tree.ts';

export const DAY_MILLISECONDS: number = 86_400_000;

/** What is marked on the scale of a timeline. */
export const TIMELINE_TICKS: readonly { readonly days: number; readonly label: string }[] = [
  { days: 7, label: '7 d' },
  { days: 30, label: '30 d' },
  { days: 365, label: '1 y' },
  { days: 3650, label: '10 y' },
];

/** Every certificate that is there, what ends first before the others. */
export function byExpiry(evidence: Evidence): readonly HeldCertificate[] {
  return heldCertificates(evidence).toSorted((a, b) => a.notAfter.getTime() - b.notAfter.getTime());
}

/** How long it is from a moment to the end of a certificate: `in 1 day`, `3 days ago`, in whole days. */
export function leftText(notAfter: Date, at: Date): string {
  const days = Math.trunc((notAfter.getTime() - at.getTime()) / DAY_MILLISECONDS);
  if (days === 0) return notAfter < at ? 'less than a day ago' : 'in less than a day';
  return days < 0 ? `${count(-days, 'day')} ago` : `in ${count(days, 'day')}`;
}
