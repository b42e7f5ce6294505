import type { Certificate } from '../x509/model.ts';
import { bounded, type Check, certificateCheck, type Hit } from './check.ts';
import { ISSUE_ANEW, ISSUE_LEAF_ANEW, RENEW } from './remedies.ts';
import { positionText } from './text.ts';

/** RFC 3339 in UTC, to the second: certificates hold no more. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** Whether the validity period is over. RFC 5280 4.1.2.5: its last second belongs to it. */
export function isOver(notAfter: Date, now: Date): boolean {
  return now.getTime() >= notAfter.getTime() + 1000;
}

/** What there is to say of the time of a certificate that others stand before. */
function endText(
  { notBefore, notAfter }: Certificate,
  now: Date,
  warnWithinSeconds: number,
): { readonly field: 'notBefore' | 'notAfter'; readonly message: string } | undefined {
  const left = notAfter.getTime() - now.getTime();
  if (now.getTime() < notBefore.getTime())
    return { field: 'notBefore', message: 'holds a further certificate that is not valid yet' };
  if (left <= -1000) return { field: 'notAfter', message: 'holds a further certificate that has expired' };
  if (left > warnWithinSeconds * 1000) return undefined;
  return { field: 'notAfter', message: 'holds a further certificate that ends soon' };
}

/** Whether a certificate is valid now, and as long as it should be. */
export const TIME_CHECKS: readonly Check[] = [
  certificateCheck(
    {
      code: 'expired',
      severity: 'error',
      says: 'A certificate has not expired',
      citation: 'RFC 5280 4.1.2.5',
      remedy: `${RENEW}, or ${ISSUE_ANEW}`,
    },
    ({ certificate }, _, { now }) =>
      isOver(certificate.notAfter, now)
        ? [
            {
              field: 'notAfter',
              message: 'has expired',
              expected: `after ${timeText(now)}`,
              found: timeText(certificate.notAfter),
            },
          ]
        : [],
  ),
  certificateCheck(
    {
      code: 'not-yet-valid',
      severity: 'error',
      says: 'A certificate is valid already',
      citation: 'RFC 5280 4.1.2.5',
      remedy: `look at the clock of this host (date -u); else wait, or ${ISSUE_LEAF_ANEW}`,
    },
    ({ certificate }, _, { now }) =>
      now.getTime() < certificate.notBefore.getTime()
        ? [
            {
              field: 'notBefore',
              message: 'is not valid yet',
              expected: `not after ${timeText(now)}`,
              found: timeText(certificate.notBefore),
            },
          ]
        : [],
  ),
  certificateCheck(
    {
      code: 'expires-soon',
      only: 'audit',
      severity: 'warning',
      says: 'A certificate does not end within --warn-within',
      citation: 'RFC 5280 4.1.2.5',
      remedy: `before it ends, ${RENEW}, or ${ISSUE_ANEW}`,
    },
    ({ certificate }, _, { now, audit }) => {
      const left = certificate.notAfter.getTime() - now.getTime();
      if (audit === undefined || isOver(certificate.notAfter, now)) return [];
      if (left > audit.warnWithinSeconds * 1000) return [];
      return [{ field: 'notAfter', message: 'ends soon', found: timeText(certificate.notAfter) }];
    },
  ),
  certificateCheck(
    {
      code: 'authority-ends-soon',
      only: 'audit',
      severity: 'warning',
      says: 'A CA is not in the last tenth of its life: its rotation takes as long as its longest certificate lives',
      citation: 'kubeadm.md 1.3',
      remedy: 'plan the rotation of the CA now: renewing it does not renew what trusts it',
      appliesTo: ['ca'],
    },
    ({ certificate: { notBefore, notAfter } }, _, { now }) => {
      const left = notAfter.getTime() - now.getTime();
      if (left <= 0 || left * 10 > notAfter.getTime() - notBefore.getTime()) return [];
      return [{ field: 'notAfter', message: 'is in the last tenth of its life', found: timeText(notAfter) }];
    },
  ),
  {
    code: 'further-authority-ends',
    only: 'audit',
    severity: 'warning',
    says: 'The further certificates in a CA file are valid already, have not ended and do not end within --warn-within',
    citation: 'RFC 5280 4.1.2.5',
    remedy:
      'take out what has ended; what ends soon is let in no longer then: have what it signed issued anew before',
    appliesTo: ['ca'],
    run: ({ certificates, files }, { now, audit }) => {
      const { warnWithinSeconds = 0 } = audit ?? {};
      const path = files[0]?.path ?? '';
      const hits = certificates.slice(1).flatMap((certificate, index): readonly Hit[] => {
        const says = endText(certificate, now, warnWithinSeconds);
        if (says === undefined) return [];
        const message = `${says.message} ${positionText(certificate, index + 2, certificates.length)}`;
        return [{ path, field: says.field, message, found: timeText(certificate[says.field]) }];
      });
      return bounded(hits, path);
    },
  },
  certificateCheck(
    {
      code: 'outlives-signer',
      severity: 'notice',
      says: 'A certificate ends no later than the CA that signed it',
      citation: 'kubeadm.md 1.3',
      remedy: 'renew the CA before it ends: this certificate is worth nothing afterwards',
    },
    ({ certificate, desired }, _, { evidence }) => {
      const signer = desired.signer === undefined ? undefined : evidence.get(desired.signer)?.authority;
      if (signer === undefined || certificate.notAfter.getTime() <= signer.notAfter.getTime()) return [];
      return [
        {
          field: 'notAfter',
          message: 'ends after the CA that signed it',
          expected: `not after ${timeText(signer.notAfter)}`,
          found: timeText(certificate.notAfter),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'lifetime-longer',
      severity: 'notice',
      says: 'A certificate lives no longer than was asked for',
      citation: 'kubeadm.md 1.3',
      remedy: 'nothing to do; the next renewal gives it the lifetime that was asked for',
    },
    ({ certificate, desired }) => {
      const seconds = (certificate.notAfter.getTime() - certificate.notBefore.getTime()) / 1000;
      // kubeadm starts some certificates when their CA starts (kubeadm.md 1.3), so a few minutes say nothing.
      if (seconds <= desired.validitySeconds + Math.max(desired.backdateSeconds, 3600)) return [];
      const days = (value: number): string => `${Math.round(value / 86400)} days`;
      return [
        {
          field: 'notAfter',
          message: 'lives longer than asked for',
          expected: days(desired.validitySeconds),
          found: days(seconds),
        },
      ];
    },
  ),
];
