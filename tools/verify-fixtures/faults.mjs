// A row for each code that `verify` can find: what is wrong, how it is made, and where it is found.
//   code     names the folder
//   at       the path that it is found at
//   says     what is wrong, in a sentence
//   change   the files that are otherwise than in the clean tree, or more; the argument makes them (clean.mjs)
//   along    what else is found inevitably, as `code path`, and `because` why
//   tree     which clean tree it is laid over
//   kept     where it is given, all other files of the tree are removed
//   removed, modes, directories, links    what files cannot show: git keeps no modes but the run bit
//   moment, profile    that are asked about; AT of clean.mjs and requirements
//   audited  what is named to `k8s-pki verify` instead of the tree
//   arguments    of `k8s-pki verify` beside those
import { ASKED_FAULTS } from './faults/asked.mjs';
import { AUTHORITY_FAULTS } from './faults/authorities.mjs';
import { COMPONENT_FAULTS } from './faults/components.mjs';
import { ENCODING_FAULTS } from './faults/encoding.mjs';
import { EXTENSION_FAULTS } from './faults/extensions.mjs';
import { FILE_FAULTS } from './faults/files.mjs';
import { ISSUING_FAULTS } from './faults/issuing.mjs';
import { KEY_FAULTS } from './faults/keys.mjs';
import { KUBECONFIG_FAULTS } from './faults/kubeconfigs.mjs';
import { NAME_FAULTS } from './faults/names.mjs';
import { ROLE_FAULTS } from './faults/role.mjs';
import { SIGNATURE_FAULTS } from './faults/signatures.mjs';
import { SOURCE_FAULTS } from './faults/sources.mjs';
import { HOST_FAULTS, STRAY_FAULTS } from './faults/strays.mjs';
import { TIME_FAULTS } from './faults/time.mjs';

export const FAULTS = Object.freeze([
  ...FILE_FAULTS,
  ...KEY_FAULTS,
  ...SIGNATURE_FAULTS,
  ...AUTHORITY_FAULTS,
  ...ROLE_FAULTS,
  ...TIME_FAULTS,
  ...KUBECONFIG_FAULTS,
  ...COMPONENT_FAULTS,
  ...STRAY_FAULTS,
  ...HOST_FAULTS,
  ...ASKED_FAULTS,
  ...SOURCE_FAULTS,
  ...ENCODING_FAULTS,
  ...ISSUING_FAULTS,
  ...EXTENSION_FAULTS,
  ...NAME_FAULTS,
]);
