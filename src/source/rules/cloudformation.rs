//! Rules of the CloudFormation importer.
crate::rules! {
    CFN101 "resource-not-translated" r"A resource of a CloudFormation template that is neither a state machine nor a function, and starts none.

It is listed as found, and not translated. Keep it in a stack of its own, or create its equivalent by hand.";
    CFN102 "parameter-default" r"A parameter of a template shapes a machine or a function, and its default was taken.

CloudFormation takes the default too where a deployment gives nothing. If the stack is deployed with another value, write that value as the default,
or say under `placeholders` in `emr2k8s.yaml` what stands in the definition.";
    CFN103 "stack-setting" r"A setting of the stack, of Step Functions, or of the rule that starts a machine.

Kubernetes knows no such deployment: the output is applied by Argo CD or `kubectl`. Nothing replaces it.";
    CFN104 "value-of-the-deployment" r"A value that the template gives to a definition and that only the deployment knows: the ARN of a queue, a name that CloudFormation makes up.

Where the definition needs it, the report asks for it under the name of its placeholder.";
    CFN105 "unread-substitution" r"`DefinitionSubstitutions` has a name that the definition does not hold.

CloudFormation ignores it too. Remove it, or mend the name.";
    CFN106 "conditional-resource" r"A state machine is deployed only where a condition of the template holds.

emr2k8s does not evaluate conditions: the pipeline is written whatever it says. Leave it out of the stages that lack it.";
    CFN107 "missing-definition" r"A state machine of a template has no definition, or one that is elsewhere (on S3, in a file that is not among the sources) or not well-formed.

The machine is not translated. Add the file to the sources, or write the definition in place.";
    CFN108 "event-setting" r"A setting of a schedule, or an event, that this version does not translate.

The message says what the workflow does without it.";
}
