import { describeTrial } from './short.js';

describeTrial('a PBX that restarts in the middle of calls, or is killed', 'ends each of them once', {
  trial: 'pbx',
  versions: [22, 16],
});
