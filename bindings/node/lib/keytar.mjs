// One implementation for both systems of modules: the store is the same, whoever imports it.
import keytar from './keytar.js';

export const { getPassword, setPassword, deletePassword, findPassword, findCredentials, setManager } = keytar;
export default keytar;
