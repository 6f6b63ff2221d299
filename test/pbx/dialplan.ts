/**
 * The dialplan of the test PBX.
 *
 * `from-trunk` and `internal` are those the recordings in `/captures` were made with, line for line. `from-out-office`
 * and `dialexecute` behave as the dialplans of the existing fleet do: answer first, record, and say in
 * `LisAMI_EventData` what is happening.
 *
 * | line | what happens |
 * |---|---|
 * | 0001360 | rings 150 for 20 s |
 * | 0001361 | rings 150 for 3 s, then hangs up: missed |
 * | 0001362 | ring group 150, 151, 152 |
 * | 0001363 | queue `sales`: 151 and 152, ring all |
 * | 0001365 | recorded, rings 150 |
 * | 0001366 | answered with a greeting of 0.8 s, then rings 150 |
 * | 0001367 | rings 151 |
 * | 0001368 | ring group over Local channels: 150, 151 |
 * | 0001369 | rings 150 for 3 s, then 151: a cascade |
 * | 0001370 | fleet: group 150, 151, 152 |
 * | 0001371 | fleet: rings 151 |
 * | 0001372 | fleet: rings 150 for 3 s, then 151 and 152 |
 *
 * A phone dials `_XXX` for a colleague and anything longer for the outside. Extension 153 is a phone of the fleet's
 * kind: its outside calls go through `dialexecute`. 158 and 159 pick up each other's calls with `*8`, the others theirs.
 * Behind a trunk that has no line free is another, `reserve`; a dialplan must ask for it.
 */
export const EXTENSIONS = ['150', '151', '152', '153', '154', '155', '156', '157', '158', '159'] as const;
export type Extension = (typeof EXTENSIONS)[number];

/** The extensions whose outside calls run through the fleet's context. */
export const FLEET_EXTENSIONS: readonly Extension[] = ['153'];

/** Who may pick up whose calls. */
export const pickupGroupOf = (extension: Extension): 1 | 2 => (Number(extension) >= 158 ? 2 : 1);

export const dialplan = `
[general]
static=yes
writeprotect=yes

[from-trunk]
exten => 0001360,1,Dial(PJSIP/150,20,tT)
exten => 0001361,1,Dial(PJSIP/150,3,tT)
 same => n,Hangup()
exten => 0001362,1,Dial(PJSIP/150&PJSIP/151&PJSIP/152,20,tT)
exten => 0001363,1,Queue(sales,tT,,,15)
exten => 0001365,1,MixMonitor(/var/spool/asterisk/monitor/\${UNIQUEID}.wav,b)
 same => n,Dial(PJSIP/150,20,tT)
exten => 0001366,1,Answer()
 same => n,Wait(0.8)
 same => n,Dial(PJSIP/150,20,tT)
exten => 0001367,1,Dial(PJSIP/151,20,tT)
exten => 0001368,1,Dial(Local/150@internal&Local/151@internal,15,tT)
exten => 0001369,1,Dial(PJSIP/150,3,tT)
 same => n,Dial(PJSIP/151,15,tT)
exten => _000137X,1,Goto(from-out-office,\${EXTEN},1)

[internal]
exten => _XXX,1,Dial(PJSIP/\${EXTEN},4,tT)
exten => _XXXX.,1,Dial(PJSIP/\${EXTEN}@trunk,10,tT)
exten => _+XXXX.,1,Dial(PJSIP/\${EXTEN}@trunk,10,tT)

[from-out-office]
exten => _X.,1,Set(Trunk=\${EXTEN})
 same => n,Answer()
 same => n,Set(CallStartDT=\${STRFTIME(\${EPOCH},,%Y-%m-%d %H:%M:%S)})
 same => n,Set(LisAMI_CallType=in)
 same => n,Set(LisAMI_EventData=incallStart_\${CALLERID(num)}_\${Trunk})
 same => n,Set(CALLERID(name)=\${CALLERID(name)}-\${CALLERID(num)})
 same => n,Set(AUDIOHOOK_INHERIT(MixMonitor)=yes)
 same => n,MixMonitor(/var/spool/asterisk/monitor/\${UNIQUEID}.wav)
 same => n,Goto(fleet-\${Trunk},s,1)
exten => h,1,Gosub(fleet-incall-end,s,1)

[fleet-incall-end]
exten => s,1,Set(LisAMI_EventData=incallEnd_\${CALLERID(num)}_\${DIALEDPEERNUMBER}_\${CDR(start)}_\${CallStartDT}_\${STRFTIME(\${EPOCH},,%Y-%m-%d %H:%M:%S)}_\${Trunk}_\${DIALSTATUS})
 same => n,Return()

[fleet-dial]
exten => s,1,Set(LisAMI_DialNum=\${ARG1})
 same => n,Set(LisAMI_EventData=incallDial_\${CALLERID(num)}_\${ARG1}_\${Trunk})
 same => n,Return()

[fleet-0001370]
exten => s,1,Gosub(fleet-dial,s,1(150&151&152))
 same => n,Dial(PJSIP/150&PJSIP/151&PJSIP/152,15,tTkK)
 same => n,Hangup()
exten => h,1,Gosub(fleet-incall-end,s,1)

[fleet-0001371]
exten => s,1,Gosub(fleet-dial,s,1(151))
 same => n,Dial(PJSIP/151,15,tTkK)
 same => n,Hangup()
exten => h,1,Gosub(fleet-incall-end,s,1)

[fleet-0001372]
exten => s,1,Gosub(fleet-dial,s,1(150))
 same => n,Dial(PJSIP/150,3,tTkK)
 same => n,Gosub(fleet-dial,s,1(151&152))
 same => n,Dial(PJSIP/151&PJSIP/152,15,tTkK)
 same => n,Hangup()
exten => h,1,Gosub(fleet-incall-end,s,1)

[dialexecute]
exten => _XXX,1,Dial(PJSIP/\${EXTEN},4,tT)
exten => _XXXX.,1,Goto(out,\${EXTEN},1)
exten => _+XXXX.,1,Goto(out,\${EXTEN},1)

[out]
exten => _[+0-9]XXXX.,1,Set(Trunk=0001371)
 same => n,Set(LisAMI_PhoneTo=\${EXTEN})
 same => n,Set(CallStartDT=\${STRFTIME(\${EPOCH},,%Y-%m-%d %H:%M:%S)})
 same => n,Set(LisAMI_CallType=out)
 same => n,MixMonitor(/var/spool/asterisk/monitor/\${UNIQUEID}.wav)
 same => n,Set(LisAMI_EventData=outcallDial_\${EXTEN}_\${CALLERID(num)}_\${Trunk})
 same => n,Dial(PJSIP/\${EXTEN}@trunk,10,tT)
 same => n,Hangup()
exten => h,1,Set(LisAMI_EventData=outcallEnd_\${LisAMI_PhoneTo}_\${CALLERID(num)}_\${CDR(start)}_\${CallStartDT}_\${STRFTIME(\${EPOCH},,%Y-%m-%d %H:%M:%S)}_\${Trunk}_\${DIALSTATUS})
`;
