//! Rules of the Terraform importer.
crate::rules! {
    TF101 "variable-without-value" r"A variable shapes something that is translated, and no file gives it a value.

Terraform would ask for it, or take it from the environment; emr2k8s has neither and does not guess. Put the value in
`terraform.tfvars`, in a `*.auto.tfvars`, or in `<stage>.tfvars` when it differs by stage, beside the module.";
    TF102 "unknown-attribute" r"A resource that is translated has an attribute that the provider's documentation does not name.

It may be a typing error, or newer than this version of emr2k8s. It is not translated.";
    TF103 "no-meaning-on-kubernetes" r"An attribute or a resource has no meaning once the jobs run on Kubernetes, or stays in AWS as it is.

The ledger says for each why. Nothing is to be done unless the reason does not hold for you.";
    TF104 "not-translated" r"An attribute or a resource has a meaning that this version does not translate.

The ledger says for each what is missing. Carry it over by hand where it matters.";
    TF105 "terraforms-own" r"A block or an attribute that only tells Terraform how to work: providers, backends, outputs, types, descriptions, lifecycles.

Manifests are applied by `kubectl` or Argo CD, which need none of it.";
    TF106 "value-follows-its-readers" r"A variable or a local is read only by things that are not translated, and shares their fate.

The ledger names a reader and its reason.";
    TF107 "value-not-read" r"A value that nothing of the module reads, or that another value replaces.

It is a leftover: a variable without a reader, a value for a variable that is not declared, a default that a file of
values overrides, or the part of a list that no expression picks.";
    TF108 "repeated-resource" r"A resource has `count` or `for_each`, or a block is `dynamic`, and what it comes to is not one instance.

This version translates resources that exist once. Write the instances out, or translate them by hand.";
    TF109 "module-call" r"A module calls another module.

The folder of the called module is read for itself when it lies below SRC, with its own defaults; the values that this call
passes are not followed. Put them in a `terraform.tfvars` beside the called module where they matter.";
    TF110 "missing-file" r"`file()` or `templatefile()` names a file that is not below the folder that is migrated.

Everything that depends on its text is unknown. Copy the file to where the expression looks for it (paths are relative to the
module's folder), or migrate a folder further up.";
    TF111 "unknown-value" r"An expression that shapes something translated cannot be evaluated.

What it would give is left open, never guessed. The message says why; give the value literally, or name it in a variable.";
    TF112 "undeclared-name" r"An expression refers to a variable or a local that the module does not declare.

Terraform refuses such a module. Declare it, or mend the name.";
    TF113 "definition-not-known" r"A state machine's definition cannot be read from the module.

Without it there is nothing to translate for this machine. The message says why; save the definition as a JSON file beside
the module, or give the values that it depends on.";
    TF114 "configurations-not-known" r"A cluster's `configurations` cannot be read from the module.

The classifications (Spark defaults, environment, file systems) would be lost, so it is a question: name the file in the
variable, as Terraform would get it.";
    TF115 "dangling-reference" r"A resource refers to another one that the module does not hold, so that it cannot be put in its place.

An instance group without its cluster, or a schedule whose target is not a state machine or a function of this module.";
    TF116 "definition-file" r"A state machine's definition, or a cluster's configuration, is written in the module and was taken from it.

The document is read as if it stood in a file of its own; messages point into the module.";
    TF117 "declared-twice" r"A module declares a variable or a local twice.

Terraform refuses such a module. The last declaration is the one that counts here. Remove the other.";
}
