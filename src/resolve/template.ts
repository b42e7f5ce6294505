import type { CertificateTemplate } from '../x509/issue.ts';
import type { Certificate } from '../x509/model.ts';
import type { DesiredCertificate } from './desired.ts';

/** When a certificate begins and ends; whole seconds, both ends inclusive (RFC 5280 4.1.2.5). */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Ends with its signer, earlier than was asked for. */
  readonly isCapped: boolean;
}

/**
 * When a certificate begins and ends that is issued at `now`: never before its signer begins, never after it ends.
 * kubeadm does neither (kubeadm.md 1.3).
 */
export function resolveValidity(
  desired: DesiredCertificate,
  now: Date,
  signer: Pick<Validity, 'notBefore' | 'notAfter'> | undefined,
): Validity {
  const second = Math.floor(now.getTime() / 1000);
  const start = second - desired.backdateSeconds;
  const end = second + desired.validitySeconds;
  const earliest = signer === undefined ? start : signer.notBefore.getTime() / 1000;
  const latest = signer === undefined ? end : signer.notAfter.getTime() / 1000;
  return {
    notBefore: new Date(Math.max(start, earliest) * 1000),
    notAfter: new Date(Math.min(end, latest) * 1000),
    isCapped: latest < end,
  };
}

/** Says in the words of X.509 what a row wants, for a key and a moment. Without `issuer` the certificate signs itself. */
export function resolveTemplate(
  desired: DesiredCertificate,
  subject: { readonly spkiDer: Uint8Array; readonly serial: Uint8Array; readonly validity: Validity },
  issuer: Certificate | undefined,
): CertificateTemplate {
  return {
    serial: subject.serial,
    subject: { commonName: desired.commonName, organization: desired.organization },
    // Copied, not rebuilt: Go compares these bytes (RFC 5280 4.1.2.4).
    ...(issuer === undefined ? {} : { issuerNameDer: issuer.subject.der }),
    notBefore: subject.validity.notBefore,
    notAfter: subject.validity.notAfter,
    spkiDer: subject.spkiDer,
    isCa: desired.isCa,
    ...(desired.pathLength === undefined ? {} : { pathLength: desired.pathLength }),
    keyUsage: desired.keyUsage,
    extKeyUsage: desired.extKeyUsage,
    sans: desired.sans,
    subjectKeyIdentifierMethod: desired.subjectKeyIdentifierMethod,
    ...(issuer?.subjectKeyIdentifier === undefined
      ? {}
      : { authorityKeyIdentifier: Buffer.from(issuer.subjectKeyIdentifier, 'hex') }),
  };
}
