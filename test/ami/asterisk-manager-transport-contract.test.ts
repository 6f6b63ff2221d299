import { transportContract } from './transport-contract.js';

transportContract('asterisk-manager');
