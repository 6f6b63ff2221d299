/**
 * How the fleet's dialplan asks who owns a client, and what it does with the answer: macro `getcustomerdata` and the steps
 * around it, as they stand on every host. It looks at no status; it cuts, replaces and splits text, and goes where that leads.
 */

/** Steps of an inbound line, from the answer on. */
export const FLEET_ASKS: readonly string[] = [
  'Answer()',
  'Set(INCALL=${EXTEN})',
  'Gosub(getcustomerdata,s,1(${CALLERID(num)},${EXTEN}))',
  'ExecIf($["${CALLNAME}" != ""]?Set(CALLERID(name)=${CALLNAME}))',
  'GotoIf($["${NEXT}" != ""]?${NEXT},${INCALL},1)',
  'Dial(PJSIP/150,8)',
];

/** `FLEET_URL` and `ID_TOKEN` are the host's; `FLEET_BODY` stands for a body that went wrong. */
export const FLEET_MACRO = `
[getcustomerdata]
exten => s,1,Set(CALLNAME=)
 same => n,Set(NEXT=)
 same => n,Set(CURLOPT(conntimeout)=3)
 same => n,Set(CURLOPT(httpheader)=Content-Type: application/json)
 same => n,Set(CURLOPT(httpheader)=Token: \${ID_TOKEN})
 same => n,Set(BODY={"UniqueId":"\${UNIQUEID}","Phone":"\${ARG1}","TrunkId":"\${ARG2}","LoadDialPlan":"true"})
 same => n,GotoIf($[\${LEN(\${FLEET_BODY})} = 0]?ask)
 same => n,Set(BODY=\${FLEET_BODY})
 same => n(ask),Set(ANSWER=\${CURL(\${FLEET_URL}/api/callevent/getcustomerdata,\${BODY})})
 same => n,Log(NOTICE,customerdata \${ARG2} \${ANSWER})
 same => n,GotoIf($[\${LEN(\${ANSWER})} < 30]?failed)
 same => n,GotoIf($["\${ANSWER:0:1}" != "{"]?failed)
 same => n,GotoIf($["\${ANSWER:-1}" != "}"]?failed)
 same => n,GotoIf($[\${REGEX("<html|<head|<!DOCTYPE" \${ANSWER})} = 1]?failed)
 same => n,Set(REST=\${ANSWER:9})
 same => n,Set(REST=\${STRREPLACE(REST,\\"\\,\\"DialPlan\\":,\\,)})
 same => n,Set(REST=\${STRREPLACE(REST,\\")})
 same => n,Set(REST=\${REST:0:-1})
 same => n,Set(CALLNAME=\${CUT(REST,\\,,1)})
 same => n,Set(NEXT=\${CUT(REST,\\,,2)})
 same => n,ExecIf($["\${NEXT}" = "null"]?Set(NEXT=))
 same => n(failed),Log(NOTICE,customerdata read \${ARG2} name=\${CALLNAME} next=\${NEXT})
 same => n,Return()
`;
