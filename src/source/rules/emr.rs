//! Rules of EMR clusters and their configurations.
crate::rules! {
    EMR101 "unknown-classification" r"A configuration names a classification that Amazon EMR does not have.

EMR refuses to start a cluster with it, so the file has never been in use as it is, or the name is newer than
emr2k8s. Nothing in it is translated. Correct the name.";
    EMR102 "property-not-a-string" r"The value of a property is not a string.

EMR takes properties as strings only: the AWS CLI and the API refuse numbers, booleans and lists. A number or a
boolean is read as its text; a list or an object is not read. Put the value in quotes.";
    EMR103 "classification-twice" r"A classification stands twice in one list.

Which of the two counts is not said by EMR's documentation. emr2k8s takes the properties of both, and of equal
properties the later one. Join them.";
    EMR104 "secret-in-configuration" r"A value in a configuration is a secret, by its form or its name.

Everyone who can read the repository, or describe the cluster, can read it. emr2k8s does not write it to its output.
Put it into a secret store, refer to it from there, and change it.";
    EMR105 "unknown-member" r"An object has a member that EMR's API does not have there.

The AWS CLI refuses the file. Nothing is translated from that member. Correct its name, or remove it.";
    EMR106 "malformed-member" r"A member of a cluster or configuration has a value of another kind than EMR's API takes: a text where a list
belongs, for example.

It is not translated. Correct it; the AWS CLI refuses it too.";
    EMR107 "unknown-release" r"The release label of a cluster is not one that emr2k8s knows.

The versions of Spark, Java and Python that the jobs were written for are not known then, so the report cannot say
what changes for them. Correct the label; if it is newer than emr2k8s, say the versions in `emr2k8s.yaml`.";
    EMR110 "property-absorbed" r"A setting of EMR, YARN or Livy is needless on Kubernetes, because what it asks for happens there anyway, or
another part of the target does it.

The ledger says which for each setting. There is nothing to do.";
    EMR111 "property-ignored" r"A setting of EMR, YARN or Livy has no meaning on Kubernetes: the program that reads it is not there, or nothing ever
read it.

The ledger says why for each setting. Look at those with the verdict `changed`: there, EMR did something that
Kubernetes does not.";
    EMR112 "property-unsupported" r"A setting of EMR, Spark or Hadoop has a meaning for jobs that this version does not translate.

The message says what to do by hand. Without it the job may run otherwise than on EMR.";
    EMR113 "property-misspelled" r"A property has a name that no program reads, and that is close to one that is read.

It had no effect on EMR, and it has none on Kubernetes: emr2k8s does not correct it, because that would change what the
jobs have done so far. Decide whether you want its effect, and correct or remove it.";
    EMR114 "property-changed" r"A setting is left out or does otherwise on Kubernetes, and jobs can notice.

The message says what EMR did and what happens now.";
    EMR115 "java-option-removed" r"An option of the Java virtual machine keeps Java 17 from starting, and is dropped.

Spark 3.5 runs on Java 17 in the target's image. It has no CMS collector (removed in Java 14) and has the options of
the old garbage collection logs no more (removed in Java 9); with one of them the JVM ends at once with `Unrecognized VM
option`. G1, the default, needs no options for most jobs; for logs use `-Xlog:gc*`.";
    EMR116 "conflicting-properties" r"Two properties that had effects of their own on EMR become one on Kubernetes, and their values differ.

EMR's S3 connector (`s3://`) and Hadoop's (`s3a://`) had options of their own; on the target Hadoop's reads both. The
message says which value is taken. Make them equal, or give the jobs that need the other one their own.";
    EMR117 "undeclared-queue" r"A property is for a queue of the capacity scheduler that no `queues` property lists.

YARN does not know that queue, so the property has no effect. Add the queue to its parent's `queues`, or remove the property.";
    EMR118 "not-a-spark-property" r"A property among Spark's defaults does not begin with `spark.`.

Spark ignores it, with a warning. If it is meant for Hadoop, write `spark.hadoop.` before it.";
    EMR120 "cluster-absorbed" r"A part of an EMR cluster's definition is needless, because jobs on Kubernetes bring their own pods.

The ledger says why for each. There is nothing to do.";
    EMR121 "cluster-ignored" r"A part of an EMR cluster's definition has no meaning on Kubernetes.

The ledger says why for each.";
    EMR122 "cluster-unsupported" r"A part of an EMR cluster's definition has a meaning that this version does not translate.

The message says what to do by hand.";
}
