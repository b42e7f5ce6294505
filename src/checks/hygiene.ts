import type { Finding } from '../finding.ts';
import { DerError } from '../x509/der.ts';
import type { Certificate } from '../x509/model.ts';
import { listText } from './check.ts';
import { isSameDer } from './evidence.ts';
import { ALTERNATIVE_NAME_RULES } from './hygiene-alternative-names.ts';
import { ENCODING_RULES } from './hygiene-encoding.ts';
import { EXTENSION_RULES } from './hygiene-extensions.ts';
import { ISSUING_RULES } from './hygiene-issuing.ts';
import { type CertificateRule, parseParts } from './hygiene-rule.ts';
import { SUBJECT_RULES } from './hygiene-subject.ts';

/**
 * What every certificate is held to by itself, whatever it is for. An error is what Go refuses or what lets somebody in, a
 * warning is bad form, a notice is what kubeadm does itself and only zlint minds.
 */
export const HYGIENE_RULES: readonly CertificateRule[] = Object.freeze([
  ...ENCODING_RULES,
  ...ISSUING_RULES,
  ...EXTENSION_RULES,
  ...SUBJECT_RULES,
  ...ALTERNATIVE_NAME_RULES,
]);

/** The one rule that takes several certificates. */
export const DUPLICATE_SERIAL: Omit<CertificateRule, 'find'> = Object.freeze({
  code: 'duplicate-serial',
  severity: 'warning',
  says: 'An issuer gives a serial number once: whoever knows a certificate by it takes one for the other',
  citation: 'RFC 5280 4.1.2.2',
  remedy: 'have all but one of the certificates issued anew',
});

/** A certificate and where it stands. */
export interface PlacedCertificate {
  /** The table row that it was found under, if any. */
  readonly row?: string;
  readonly path: string;
  readonly der: Uint8Array;
  /** Which it is where there are several in one place, as `positionText` says it. */
  readonly position?: string;
  /** Absent where the reader refuses it: the rules over its encoding still apply. */
  readonly certificate?: Certificate;
}

/** What a rule finds. What is no DER is nothing to it in a certificate that the reader has refused, which says so. */
function findIn(
  find: CertificateRule['find'],
  ...subject: Parameters<CertificateRule['find']>
): ReturnType<CertificateRule['find']> {
  const [, certificate] = subject;
  try {
    return find(...subject);
  } catch (error) {
    if (certificate === undefined && error instanceof DerError) return undefined;
    throw error;
  }
}

/** Holds one certificate to all rules. Looks at no other certificate, at no clock and not at the table. */
export function checkHygiene({
  row,
  path,
  der,
  position,
  certificate,
}: PlacedCertificate): readonly Finding[] {
  const parts = parseParts(der);
  if (parts === undefined) return [];
  return HYGIENE_RULES.flatMap(({ code, severity, remedy, find }) => {
    const fault = findIn(find, parts, certificate);
    if (fault === undefined) return [];
    const message = position === undefined ? fault.message : `${fault.message} ${position}`;
    return [{ code, severity, ...(row === undefined ? {} : { row }), path, ...fault, message, remedy }];
  });
}

/** Finds serial numbers that one issuer gave to several certificates. The same certificate in several places is one. */
export function checkSerials(all: readonly PlacedCertificate[]): readonly Finding[] {
  const { code, severity, remedy } = DUPLICATE_SERIAL;
  const byNumber = new Map<string, PlacedCertificate[]>();
  for (const placed of all) {
    if (placed.certificate === undefined) continue;
    const { serialHex, issuer } = placed.certificate;
    const number = `${serialHex} ${Buffer.from(issuer.der).toString('hex')}`;
    byNumber.set(number, [...(byNumber.get(number) ?? []), placed]);
  }
  return [...byNumber.values()].flatMap((alike) =>
    alike.flatMap(({ row, path, der, certificate }): readonly Finding[] => {
      const others = alike.filter((other) => !isSameDer(other.der, der)).map((other) => other.path);
      if (others.length === 0) return [];
      return [
        {
          code,
          severity,
          ...(row === undefined ? {} : { row }),
          path,
          field: 'serialNumber',
          message: `has the serial number of another certificate, in ${listText([...new Set(others)])}`,
          found: certificate?.serialHex ?? '',
          remedy,
        },
      ];
    }),
  );
}
