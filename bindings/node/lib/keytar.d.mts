import { deletePassword, findCredentials, findPassword, getPassword, setManager, setPassword } from './keytar.js';

export type { Credential } from './keytar.js';
export { deletePassword, findCredentials, findPassword, getPassword, setManager, setPassword };

declare const keytar: {
  deletePassword: typeof deletePassword;
  findCredentials: typeof findCredentials;
  findPassword: typeof findPassword;
  getPassword: typeof getPassword;
  setManager: typeof setManager;
  setPassword: typeof setPassword;
};
export default keytar;
