import { transportContract } from './transport-contract.js';

transportContract('native');
