import { type Authority, type IssueSubject, issueLeaf } from '../certs/issue.ts';
import type { DesiredCertificate } from '../resolve/desired.ts';
import { resolveTemplate } from '../resolve/template.ts';
import { issueCertificate } from '../x509/issue.ts';
import type { Signer } from '../x509/signer.ts';

/**
 * Issues the certificate of a CA: signed by `parent` where there is one, else by its own key.
 *
 * @returns DER.
 * @throws {PkiError} `ERR_KEY` when a signer does not sign with the key it says it has.
 */
export function issueCa(
  desired: DesiredCertificate,
  subject: Omit<IssueSubject, 'spkiDer'>,
  keys: { readonly own: Signer; readonly parent?: Authority },
): Promise<Uint8Array> {
  const withKey = { ...subject, spkiDer: keys.own.spkiDer };
  if (keys.parent !== undefined) return issueLeaf(desired, withKey, keys.parent);
  return issueCertificate(resolveTemplate(desired, withKey, undefined), keys.own);
}
