/** Lines and numbers of the scenarios, beside those of the test PBX. */
export const MOBILE = '+375290000009';
/** Whose mobile that is. */
export const MOBILE_OWNER = '154';

/**
 * | line | what happens |
 * |---|---|
 * | 0002XXX | rings extension XXX |
 * | 0002600 | a group of 155 and 156, for 3 s |
 * | 0001381 | a greeting of 6 s, then 150 |
 * | 0001382 | FollowMe of 154: his phone for 2 s, then his mobile |
 * | 0001383 | 154 and, over a Local channel, his mobile at once |
 *
 * Inside, 600 rings 155 and 156 together, 7000 parks, 7001 to 7020 take back.
 *
 * A phone that puts a 9 in front of an outside number gets the trunk, and the reserve when that has no line free.
 */
export const scenarioDialplan = `
[from-trunk]
exten => _0002XXX,1,Dial(PJSIP/\${EXTEN:4},20,tT)
exten => 0002600,1,Dial(PJSIP/155&PJSIP/156,3,tT)
exten => 0001381,1,Answer()
 same => n,Wait(6)
 same => n,Dial(PJSIP/150,20,tT)
exten => 0001382,1,FollowMe(154,nd)
exten => 0001383,1,Dial(PJSIP/154&Local/${MOBILE}@internal,20,tT)

[internal]
include => parkedcalls
exten => 600,1,Dial(PJSIP/155&PJSIP/156,10,tT)
exten => _9XXXX.,1,Dial(PJSIP/\${EXTEN:1}@trunk,10,tT)
 same => n,GotoIf($["\${DIALSTATUS}" = "ANSWER"]?end)
 same => n,Dial(PJSIP/\${EXTEN:1}@reserve,10,tT)
 same => n(end),Hangup()
`;

export const parkingConf = `
[general]
[default]
parkext => 7000
parkpos => 7001-7020
context => parkedcalls
parkingtime => 45
`;

/** Whoever picks up is asked first, and takes the call with a 1. */
export const followMeConf = `
[general]
[154]
context=internal
takecall=>1
declinecall=>2
number=>154,2,1
number=>${MOBILE},15,2
`;
