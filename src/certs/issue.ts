import type { DesiredCertificate } from '../resolve/desired.ts';
import { resolveTemplate, type Validity } from '../resolve/template.ts';
import { issueCertificate } from '../x509/issue.ts';
import type { Certificate } from '../x509/model.ts';
import type { Signer } from '../x509/signer.ts';

/** A CA that can sign: its certificate, whose subject bytes are copied, and the key that belongs to it. */
export interface Authority {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

/** The key that a certificate is for, and what distinguishes it from the one before. */
export interface IssueSubject {
  readonly spkiDer: Uint8Array;
  readonly serial: Uint8Array;
  readonly validity: Validity;
}

/**
 * Issues the certificate that a row wants. Decides nothing: what it holds is the row's, when it is valid the plan's.
 *
 * @returns DER.
 * @throws {PkiError} `ERR_KEY` when the CA's signer does not sign with the key of its certificate.
 */
export function issueLeaf(
  desired: DesiredCertificate,
  subject: IssueSubject,
  authority: Authority,
): Promise<Uint8Array> {
  return issueCertificate(resolveTemplate(desired, subject, authority.certificate), authority.signer);
}
