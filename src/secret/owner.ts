import type { Parsed } from '../cluster/parsed.ts';
import type { TokenOwner } from './manifests.ts';

const UID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads the Secret of a bootstrap token, as `NAME/UID`. */
export function parseTokenOwner(text: string): Parsed<TokenOwner> {
  const [name = '', uid = '', ...others] = text.split('/');
  if (/^bootstrap-token-[a-z0-9]{6}$/.test(name) && UID.test(uid) && others.length === 0)
    return { value: { name, uid } };
  return {
    rule: 'must be the name of a bootstrap token Secret and its uid',
    hint: "kubectl -n kube-system get secret NAME -o jsonpath='{.metadata.name}/{.metadata.uid}' prints both",
  };
}
