// SPDX-License-Identifier: Apache-2.0
// Every message a user can see. Substrings that outside tools look for ("successfully created", "No Flash Copy found.")
// must stay as they are. {0} is the object, {1} the detail that the request's answer gave.
#include "model/catalogue.h"
#include "model/path_reasons.h"

namespace tt::model {

namespace {

constexpr std::string_view kNone = "";

// ---- results and questions ----
constexpr Message kClient[] = {
    {"CMUC00000I", "Extent Pool {0} successfully created.", kNone, kNone},
    {"CMUC00001I", "Extent Pool {0} successfully modified.", kNone, kNone},
    {"CMUC00002W", "Are you sure you want to delete extent pool {0}?", "Deleting a pool makes its ranks unassigned.",
     "Answer y to delete the pool, n to keep it."},
    {"CMUC00003I", "Extent pool {0} successfully deleted.", kNone, kNone},
    {"CMUC00004I", "Array {0} successfully created.", kNone, kNone},
    {"CMUC00005W", "Are you sure you want to delete array {0}?", "Its array site becomes unassigned.",
     "Answer y to delete the array, n to keep it."},
    {"CMUC00006I", "Array {0} successfully deleted.", kNone, kNone},
    {"CMUC00007I", "Rank {0} successfully created.", kNone, kNone},
    {"CMUC00008I", "Rank {0} successfully modified.", kNone, kNone},
    {"CMUC00009W", "Are you sure you want to delete rank {0}?", "Its array becomes unassigned.",
     "Answer y to delete the rank, n to keep it."},
    {"CMUC00010I", "Rank {0} successfully deleted.", kNone, kNone},
    {"CMUC00011I", "I/O Port {0} successfully configured.", kNone, kNone},
    {"CMUC00012I", "Host connection {0} successfully created.", kNone, kNone},
    {"CMUC00013I", "Host connection {0} successfully modified.", kNone, kNone},
    {"CMUC00014W", "Are you sure you want to delete host connection {0}?",
     "The host sees no volumes any more, and I/O of its sessions is refused.",
     "Answer y to delete the host connection, n to keep it."},
    {"CMUC00015I", "Host connection {0} successfully deleted.", kNone, kNone},
    {"CMUC00025I", "FB volume {0} successfully created.", kNone, kNone},
    {"CMUC00026I", "FB volume {0} successfully modified.", kNone, kNone},
    {"CMUC00027W", "Are you sure you want to delete FB volume {0}?", "All data of the volume will be lost.",
     "Answer y to delete the volume, n to keep it."},
    {"CMUC00028I", "FB volume {0} successfully deleted.", kNone, kNone},
    {"CMUC00029I", "LSS {0} successfully modified.", kNone, kNone},
    {"CMUC00030I", "Volume group {0} successfully created.", kNone, kNone},
    {"CMUC00031I", "Volume group {0} successfully modified.", kNone, kNone},
    {"CMUC00032W", "Are you sure you want to delete volume group {0}?", "Its volumes stay, without this group.",
     "Answer y to delete the volume group, n to keep it."},
    {"CMUC00033I", "Volume group {0} successfully deleted.", kNone, kNone},
    {"CMUC00133I", "User {0} successfully created.", kNone, kNone},
    {"CMUC00134I", "User {0} successfully modified.", kNone, kNone},
    {"CMUC00135W", "Are you sure you want to delete user {0}?", "The account and its sessions end.",
     "Answer y to delete the user, n to keep it."},
    {"CMUC00136I", "User {0} successfully deleted.", kNone, kNone},
    {"CMUC00137I", "FlashCopy pair {0} successfully created.", kNone, kNone},
    {"CMUC00140I", "FlashCopy pair {0} successfully removed.", kNone, kNone},
    {"CMUC00144W", "Are you sure you want to remove the FlashCopy pair {0}?",
     "What is not yet copied from the source is no longer seen at the target.",
     "Answer y to remove the relationship, n to keep it."},
    {"CMUC00149I", "Remote Mirror and Copy path {0} successfully established.", kNone, kNone},
    {"CMUC00150I", "Remote Mirror and Copy path {0} successfully removed.", kNone, kNone},
    {"CMUC00152W", "Are you sure you want to remove the Remote Mirror and Copy path {0}?",
     "Nothing can be mirrored between these LSSs in that direction until the path is established again.",
     "Answer y to remove the path, n to keep it."},
    {"CMUC00153I", "Remote Mirror and Copy volume pair relationship {0} successfully created.", kNone, kNone},
    {"CMUC00155I", "Remote Mirror and Copy volume pair {0} relationship successfully withdrawn.", kNone, kNone},
    {"CMUC00157I", "Remote Mirror and Copy volume pair {0} relationship successfully paused.", kNone, kNone},
    {"CMUC00158I", "Remote Mirror and Copy volume pair {0} relationship successfully resumed; a copy may be under way.",
     kNone, kNone},
    {"CMUC00160W", "Are you sure you want to delete the Remote Mirror and Copy volume pair relationship {0}?",
     "What differs is not known afterwards: a new pair copies all tracks.",
     "Answer y to delete the pair, n to keep it."},
    {"CMUC00167I", "FlashCopy volume pair {0} successfully set to revertible.", kNone, kNone},
    {"CMUC00168I", "FlashCopy volume pair {0} successfully resynchronized.", kNone, kNone},
    {"CMUC00169I", "FlashCopy volume pair {0} successfully reversed.", kNone, kNone},
    {"CMUC00170I", "FlashCopy volume {0} successfully committed.", kNone, kNone},
    {"CMUC00171I", "FlashCopy volume {0} successfully reverted.", kNone, kNone},
    {"CMUC00172I", "The consistency group of LSS {0} was successfully reset.", kNone, kNone},
    {"CMUC00183I", "Operation done successfully.", kNone, kNone},
    {"CMUC00191E", "The login was rejected: {0}",
     "User name or password is wrong, the account is locked, or the password has expired.",
     "Check user and password; after an expired password run chuser -pw; ask an administrator to unlock the account."},
    {"CMUC00195I", "Security properties successfully set.", kNone, kNone},
    {"CMUC00196I", "Remote Mirror and Copy pair {0} successfully reversed.", kNone, kNone},
    {"CMUC00197I", "Remote Mirror and Copy pair {0} successfully failed back.", kNone, kNone},
    {"CMUC00205I", "Password file {0} successfully created.", kNone, kNone},
    {"CMUC00206I", "Record {0} successfully {1} password file {2}.", kNone, kNone},
    {"CMUC00234I", "No {0} found.", "No object fits the selection.", kNone},
    {"CMUC00332W", "Not every host system supports a changed volume size. Resize volume {0}?",
     "A host that has the volume in use may not notice, or may not accept, that it is larger.",
     "Answer y to resize the volume, n to leave it."},
    {"CMUC00337W", "Are you sure you want to release the space of volume {0}?",
     "All data of the volume will be lost; it reads as zeros afterwards.",
     "Answer y to release the space, n to keep the data."},
    {"CMUC00340I", "The space of volume {0} was released.", kNone, kNone},
    {"CMUC00342I", "The space-efficient storage of extent pool {0} was successfully created.", kNone, kNone},
    {"CMUC00343I", "The space-efficient storage of extent pool {0} was successfully modified.", kNone, kNone},
    {"CMUC00344I", "The space-efficient storage of extent pool {0} was successfully deleted.", kNone, kNone},
    {"CMUC00345W", "Are you sure you want to delete the space-efficient storage of extent pool {0}?",
     "Its extents become free for all volumes of the pool.",
     "Answer y to delete the space-efficient storage, n to keep it."},
    {"CMUC09001W",
     "Writes to the frozen sources of LSS {0} had gone on before: the copies may not belong to one point in time.",
     "The time of the LSS was over before unfreezeflash, or the storage image was restarted.",
     "Make the group again; chlss -extlongbusy gives more time."},
    {"CMUC09002W", "Failback {0} overwrites {1} tracks that were changed at the other volume alone.",
     "Both volumes were written, or what the former source had was not sent any more.",
     "Answer y to give these changes up. To keep them instead, fail back in the other direction."},
    {"CMUC09003W", "The data of the new source of pair {0} are of no one point in time.",
     "It was being copied when it was failed over.",
     "Use them only if nothing better is left; with a FlashCopy of a consistent state, go back to that."},
    {"CMUC09004W", "The path over ports {0} is not up: {1}. It is kept, and tried again by itself where that helps.",
     "The other paths of the LSS pair are established.", "lspprcpath -l shows each path; mend what it says."},
    {"CMUC09005W", "The target of pair {0} is larger than its source.",
     "The pair is mirrored as far as the source goes.",
     "A failback to the smaller volume is not possible; make volumes of the same size if you need one."},
    // ---- the program itself ----
    {"CMUC09010E", "Unknown command: {0}.{1}", "No DS CLI has a command of this name.",
     "Use help for the list of commands."},
    {"CMUC09011E", "Syntax error: {0}", "A parameter is wrong, missing or misplaced; nothing was sent to the image.",
     "Use help -l with the name of the command."},
    {"CMUC09012E",
     "No storage image given. Use -dev, a fully qualified id such as IBM.2107-75ABCD1/0100, or devid in "
     "the profile.",
     "The command is for one storage image and none was named.", "lssi lists the storage images."},
    {"CMUC09013E", "{0} needs a confirmation and there is no terminal to ask at. Use -quiet to confirm in advance.",
     "The command destroys something and standard input is not a terminal.",
     "Repeat it with -quiet if it shall be done."},
    {"CMUC09014E", "The operand - (read from standard input) is not possible in interactive mode.",
     "Standard input already carries the commands.", "Give the operands on the command line."},
    {"CMUC09015E", "Cannot read {0}: {1}", "The file is missing, not readable, or has a wrong content.",
     "Check the name and the permissions of the file."},
    {"CMUC09016I", "Storage method tse is allocated like ese.", kNone, kNone},
    {"CMUC09017I", "Audit log successfully offloaded from {1} to file {0}.", kNone, kNone},
    {"CMUC09018W", "The file {0} exists. Are you sure you want to overwrite it?", "What the file holds is lost.",
     "Answer y to overwrite it, n to keep it."},
    {"CMUC09019I", "The certificate of {0} is now trusted; its fingerprint {1} was saved in {2}.",
     "First contact with this management console and no ca or pin in the profile.",
     "Compare the fingerprint with that of the console if the network is not trusted."},
    {"CMUC09020E", "The certificate of {0} is not the one trusted before (fingerprint {1}).",
     "The console has a new certificate, or somebody else answers at its address.",
     "If the console was installed again, delete its line in {2} and repeat the command."},
    {"CMUC09021E", "Interrupted.", "The user cancelled the command.",
     "What was already accepted by the storage image goes on."},
    {"CMUC09022E", "{0} was not answered within {1} seconds.", "The console or the storage image is slow or stopped.",
     "Look at the state with a list command before repeating; -timeout gives more time."},
    {"CMUC09023I", "{0}", "A detail printed because verbose is on.", kNone},
    {"CMUC09024E", "No {0} was given and there is no terminal to ask at. Use {1}.",
     "Something the login needs is neither on the command line nor in the profile.", "Give it, or use -cfg PROFILE."},
    {"CMUC09025E", "Cannot write {0}: {1}", "The folder is missing, or the file cannot be written there.",
     "Check the name and the permissions of the folder."},
    {"CMUC09027I", "FlashCopy pair {0} successfully modified.", kNone, kNone},
    {"CMUC09028I", "Verification of FlashCopy pair {0} started.", kNone, kNone},
    {"CMUC09029I", "Verification of FlashCopy pair {0} cancelled.", kNone, kNone},
    {"CMUC09030I",
     "FlashCopy pair {0} verified: {1} tracks are equal, {2} are not copied yet, {3} were written by hosts.", kNone,
     kNone},
    {"CMUC09032I",
     "FlashCopy pair {0} verified: {1} tracks are equal, {2} are not copied yet; writes of hosts are not recorded.",
     kNone, kNone},
    {"CMUC09044I", "Scrub of storage image {0} started.", kNone, kNone},
    {"CMUC09045I", "Scrub of storage image {0} cancelled.", kNone, kNone},
    {"CMUC09040I", "Range FlashCopy {0} successfully created.", kNone, kNone},
    {"CMUC09041I", "Range FlashCopy {0} successfully removed.", kNone, kNone},
    {"CMUC09042W", "Are you sure you want to remove Range FlashCopy {0}?",
     "Tracks that are not copied yet show what the target held there before.", kNone},
    {"CMUC09031W",
     "FlashCopy pair {0}: {1} tracks differ. Hosts may have written them: the relationship does not record changes.",
     "Since the copy was taken a host wrote source or target, or something is damaged.",
     "Use -record for copies that are to be verified while hosts write."},
    {"CMUC09060I", "Resource group {0} successfully created.", kNone, kNone},
    {"CMUC09061I", "Resource group {0} successfully modified.", kNone, kNone},
    {"CMUC09062W", "Are you sure you want to delete resource group {0}?",
     "Scopes of users stay as they are; nothing they name may be in the group.",
     "Answer y to delete the resource group, n to keep it."},
    {"CMUC09063I", "Resource group {0} successfully deleted.", kNone, kNone},
    {"CMUC09026I", "Nothing to activate: storage image {0} has everything that this release can do without a key.",
     kNone, kNone},
    {"CMUN00018E", "Unable to connect to the management console server: {0}",
     "The management console or the storage image behind it is not running or not reachable.",
     "Check the address (hmc1), that the console runs, and that its storage image is started."},
};

// ---- rejections by the image: the number is the Errc ----
constexpr Message kRejections[] = {
    {"CMUN90101E", "The volume does not exist in this storage image.", "A wrong id, or the volume was deleted.",
     "lsfbvol lists the volumes."},
    {"CMUN90102E", "Source and target are in different storage images.", "FlashCopy works inside one storage image.",
     "Choose a target in the image of the source."},
    {"CMUN90103E", "Source and target are the same volume.", "A volume cannot be copied to itself.",
     "Choose another target."},
    {"CMUN90104E", "Type or block format of source and target differ.", "Only volumes of one kind form a pair.",
     "lsfbvol -l shows datatype; choose a target like the source."},
    {"CMUN90105E", "The target is smaller than the source.", "Every track of the source needs a place.",
     "Choose or create a target of at least the size of the source."},
    {"CMUN90106E", "The target is already a FlashCopy target.", "A volume is the target of one relationship at most.",
     "Remove the relationship (lsflash, rmflash) or choose another target."},
    {"CMUN90107E", "The target is a FlashCopy source, or the source is a target, and this image does not cascade.",
     "Chains of copies need the cascade feature.", "Remove the other relationship or choose other volumes."},
    {"CMUN90108E", "The source already has 12 FlashCopy targets.", "Twelve relationships per source are possible.",
     "Remove one with rmflash."},
    {"CMUN90109E", "The source already has an incremental relationship.",
     "One relationship of a source may record changes, unless all of them were made with -multinc.",
     "Remove the other one, or use -record -multinc on all of them."},
    {"CMUN90110E", "The target is the target of a mirror.", "Only its source writes it.",
     "Choose another target, or remove the pair (lspprc, rmpprc)."},
    {"CMUN90111E", "The target is the source of a mirror.", "Its mirror would have to copy what it becomes.",
     "Choose another target, or remove the pair (lspprc, rmpprc)."},
    {"CMUN90113E", "A track space-efficient volume can only be a target, with -tgtse and -nocp.",
     "Such a volume holds only what changes after a copy.", "Use mkflash -tgtse -nocp, or a thin volume (-sam ese)."},
    {"CMUN90117E", "The volume is offline or fenced.", "Its access state or that of its rank does not allow copies.",
     "lsfbvol and lsrank show the states."},
    {"CMUN90118E", "The volume is larger than the limit for Copy Services.", "A limit of this storage image.",
     "Use a smaller volume."},
    {"CMUN90201E", "There is no such relationship.", "It was never made, was removed, or ended when all was copied.",
     "lsflash lists the relationships."},
    {"CMUN90202E", "The relationship does not record changes.", "It was made, or refreshed last, without -record.",
     "Remove it and make it again with -record."},
    {"CMUN90203E", "The background copy is not complete.", "Only a complete copy can be reversed.",
     "Wait until lsflash -l shows no out-of-sync tracks, or use reverseflash -fast."},
    {"CMUN90204E", "Source and target differ in size.",
     "Only volumes of equal size can change places; none is revertible whose target goes on in the source's last "
     "track.",
     "Copy back with a new relationship onto a volume of the target's size."},
    {"CMUN90205E", "The relationship is not revertible.", "It was not made so, or was committed or reverted already.",
     "lsflash -revertible lists those that are."},
    {"CMUN90206E", "The relationship is revertible.", "A decision about its new content is due.",
     "Use commitflash to keep it or revertflash to go back first."},
    {"CMUN90207E", "Other relationships prevent the operation.", "Another copy depends on the volume.",
     "lsflash with the id of the volume shows them."},
    {"CMUN90208E", "The relationship has failed; it can only be removed.",
     "Data of the copy could not be written or "
     "read.",
     "Remove it with rmflash; look at ranks and space (lsrank, lsextpool)."},
    {"CMUN90209E", "A space-efficient target cannot get the whole copy before the relationship is removed.",
     "The target is a thin volume.", "Remove the relationship without -cp, perhaps with -tgtreleasespace."},
    {"CMUN90210E", "The relationship is being removed.", "rmflash -cp was given; it goes when everything is copied.",
     "Wait until lsflash does not list it any more, or remove it with rmflash."},
    {"CMUN90211E", "The target differs from its image in {1} tracks that no host wrote.",
     "What lies on a medium is not what was written there.",
     "See lsverifyflash and lsproblem; do not use this copy, check the disks, and take a new one."},
    {"CMUN90212E", "{1} tracks of source or target could not be read.", "A disk or file of the storage image failed.",
     "See lsproblem and lsrank."},
    {"CMUN90401E", "There is no path between these LSSs in that direction.", "It was never made, or was removed.",
     "See lspprcpath; mkpprcpath makes paths."},
    {"CMUN90402E", "The path over these ports could not be established: {1}.",
     "No path of the LSS pair came up, so nothing was changed.",
     "Check ports, cables and the other storage image; lsavailpprcport shows which ports reach each other."},
    {"CMUN90403E", "The volume cannot be the source of a mirror.",
     "It is the target of a FlashCopy, track space-efficient, or the target of another mirror.",
     "Remove what it is the target of; with -cascade and -type gcp the target of a mirror may be a source."},
    {"CMUN90404E", "The volume cannot be the target of a mirror.",
     "It is the target of a FlashCopy, track space-efficient, or the source of a mirror without -cascade.",
     "Remove what it is in, or choose another volume (lsflash, lspprc)."},
    {"CMUN90405E", "The target is smaller than the source.", "All blocks of the source need a place.",
     "Choose a target of the size of the source (lsfbvol)."},
    {"CMUN90407E", "The volume is in a mirrored pair already.", "A volume has one source, and one target.",
     "See lspprc; rmpprc removes the pair."},
    {"CMUN90408E", "The state of the pair does not fit the command.",
     "It is active or suspended, failed over, or this image has the other end; the other end may be something else.",
     "See lspprc at both images. Suspended: resumepprc. After a failover: failbackpprc at the volume whose data stay."},
    {"CMUN90409E", "The volume is paired with another one.", "Volume or storage image of the other end are wrong.",
     "See lspprc."},
    {"CMUN90412E", "The subsystem id given is not that of the LSS.", "Each FB LSS nn has the id FFnn.",
     "See lslss, or leave the option out."},
    {"CMUN90413E", "These options or objects cannot be combined.",
     "More than eight ports, a port pair twice, an LSS with itself, options that exclude each other, or several images "
     "that fit.",
     "Give one to eight different port pairs; -remotewwnn or -remotedev says which image is meant."},
    {"CMUN90419E", "A limit of remote mirroring is reached.",
     "An LSS has paths to four others at most on a DS6000, to sixteen on a DS8000.",
     "Remove paths that are not needed (rmpprcpath)."},
    {"CMUN90422E", "There is no such mirrored pair.", "It was never made, or was removed.", "See lspprc."},
    {"CMUN90501E", "The object does not exist.", "A wrong id, or it was deleted.", "Use the list command."},
    {"CMUN90502E", "The id is taken.", "An object of this id exists.", "Choose another id."},
    {"CMUN90503E", "An even LSS needs an even pool (P0, P2, ...), an odd LSS an odd one (P1, P3, ...).",
     "Even LSSs and pools belong to rank group 0, odd ones to rank group 1; pools of both cannot be merged.",
     "Choose a pool or volume id of the other parity; lsextpool shows the pools."},
    {"CMUN90504E", "The address group holds LSSs of the other type.", "All LSSs of an address group are FB or all CKD.",
     "Choose an id in another address group."},
    {"CMUN90505E", "There is not enough space in the extent pool.", "All extents are allocated.",
     "lsextpool shows what is free; add a rank, or create thin volumes with -sam ese."},
    {"CMUN90506E", "The object is still in use.", "Something depends on it.", "Remove what uses it first."},
    {"CMUN90507E", "A limit of the storage image is reached.", "The personality of the image limits numbers and sizes.",
     "See the table of limits in the documentation."},
    {"CMUN90508E", "These properties cannot be combined.", "Block size, type, pool or state do not fit.",
     "Check the parameters with help -l."},
    {"CMUN90509E", "The space-efficient storage of the extent pool is too small.",
     "Volumes of the method tse of the pool have, or would have, more than its real or virtual capacity.",
     "lssestg -l shows it; chsestg -repcap or -vircap makes it larger."},
    {"CMUN90801E", "You are not authorized for this operation; it needs {1} rights.",
     "No group of the user has the "
     "right.",
     "Ask an administrator (chuser -group)."},
    {"CMUN90802E", "Resource group RG{1} is not in your scope.",
     "The object, or one that goes with it, is in a resource group whose label your scope does not cover.",
     "showuser shows your scope, lsresgrp the labels; ask an administrator (chuser -scope)."},
    {"CMUN90901E", "Unsupported task: {1}",
     "The command or parameter exists, but not in this release or not for this "
     "type of storage image.",
     "help lists what there is."},
    {"CMUN91001E", "An input or output error occurred (detail {1}).", "A disk or file of the storage image failed.",
     "Look at the log of the storage image and at lsrank."},
    {"CMUN91002E", "The media is full.", "The files behind the ranks have no space left.",
     "Give the file system more space."},
    {"CMUN91003E", "The volume is write inhibited.", "It is a FlashCopy target made with -tgtinhibit.",
     "Remove the relationship first."},
    {"CMUN91004E", "A value is out of range.", "A block, size or number is outside of the object.",
     "Check the parameters."},
    {"CMUN91005E", "The storage image is busy.", "A limit of work under way is reached.", "Repeat the command."},
    {"CMUN91006E", "The storage image is shutting down.", "It was asked to stop.", "Start it and repeat the command."},
    {"CMUN91007E", "Stored data is not as it was written (detail {1}).", "A checksum does not fit.",
     "Look at the log of the storage image; restore the volume if its data is concerned."},
    {"CMUN91008E", "The storage image is not reachable.", "It is not running, or it is just starting.",
     "Start the storage image."},
    {"CMUN91009E", "The storage image did not answer in time.", "It is overloaded or a disk hangs.",
     "Look at the state with a list command before repeating."},
    {"CMUN91010E", "The operation was cancelled.", "The connection or the image ended meanwhile.",
     "Look at the state with a list command before repeating."},
    {"CMUN91011E", "A message was not understood.", "Programs of different releases talk to each other.",
     "Use programs of the same release."},
    {"CMUN91012E", "An argument is not valid.", "The storage image does not accept a value.",
     "Check the parameters with help -l."},
    {"CMUN91013E", "A rank has failed.", "Its disk or file reported an error that must not be retried.",
     "lsrank shows the rank; look at the log of the storage image."},
    {"CMUN91014E", "The journal has failed; the storage image accepts no changes.",
     "Its disk or file reported an "
     "error.",
     "Repair the disk and start the storage image again."},
    {"CMUN91016E", "The versions of the programs do not fit together.",
     "Console and storage image are of different "
     "releases.",
     "Install the same release of both."},
    {"CMUN91019E", "The volume is the target of a mirror.", "Hosts use its source.", "failoverpprc makes it a source."},
    // ---- rejections by the management console: users ----
    {"CMUN90810E", "The password does not meet the rules: {1}",
     "Passwords have a minimum length, at least two of "
     "letters, digits and symbols, do not contain the user name, and were not used recently.",
     "Choose another password."},
    {"CMUN90811E", "This would leave no active administrator.", "One active user of group admin must remain.",
     "Create another administrator first."},
    {"CMUN90812E", "The password has expired; only chuser -pw is possible.",
     "It was set by an administrator or is too "
     "old.",
     "Change it: chuser -pw newpassword user"},
    {"CMUN90813E", "There is no such group: {1}", "The group name is not known.",
     "Groups: admin op_storage op_volume op_copy_services service monitor no_access"},
    {"CMUN90814E", "The management console does not serve the storage image {1}.",
     "The id is wrong, or the image "
     "belongs to another console.",
     "lssi lists the storage images of this console."},
    {"CMUN90815E", "This is no scope: {1}",
     "A scope is a label of 1 to 32 letters, digits, _ - and ., or the beginning "
     "of labels with * behind it.",
     "Use * for everything, PUBLIC for RG0; lsresgrp lists the labels."},
    {"CMUN02948E", "The volume is in use.", "It is in a copy relationship, or a host used it in the last 5 minutes.",
     "End the use, or delete it anyway with -force."},
};

std::vector<Message> join_tables() {
  std::vector<Message> all(std::begin(kClient), std::end(kClient));
  all.insert(all.end(), std::begin(kRejections), std::end(kRejections));
  return all;
}

struct Special {
  Errc code;
  std::string_view operation;  ///< Empty: for all.
  std::string_view id;
};
constexpr Special kSpecial[] = {
    {Errc::still_in_use, "rmfbvol", "CMUN02948E"}, {Errc::authentication_failed, "", "CMUC00191E"},
    {Errc::disconnected, "", "CMUN00018E"},        {Errc::freeze_expired, "", "CMUC09001W"},
    {Errc::path_not_up, "", "CMUC09004W"},         {Errc::target_not_consistent, "", "CMUC09003W"},
    {Errc::changes_lost, "", "CMUC09002W"},        {Errc::target_larger, "", "CMUC09005W"},
};

}  // namespace

std::span<const Message> messages() {
  static const std::vector<Message> all = join_tables();
  return all;
}

const Message* find_message(std::string_view id) {
  for (const Message& message : messages()) {
    if (equals_ignoring_case(message.id, id)) return &message;
  }
  return nullptr;
}

std::string_view message_id_of(Errc code, std::string_view operation) {
  for (const Special& special : kSpecial) {
    if (special.code == code && (special.operation.empty() || special.operation == operation)) return special.id;
  }
  const unsigned wanted = 90000U + static_cast<unsigned>(code);
  for (const Message& message : kRejections) {
    unsigned number = 0;
    for (const char digit : message.id.substr(4, 5)) number = number * 10 + static_cast<unsigned>(digit - '0');
    if (number == wanted) return message.id;
  }
  return "CMUN91011E";
}

std::string detail_text(Errc code, std::uint64_t detail) {
  const bool about_path = code == Errc::path_failed || code == Errc::path_not_up;
  return about_path ? path_failure_text(static_cast<std::uint8_t>(detail)) : std::to_string(detail);
}

std::string fill_slots(std::string_view text, std::span<const std::string_view> values) {
  std::string filled;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool slot =
        text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}' && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (!slot) {
      filled += text[i];
      continue;
    }
    const auto index = static_cast<std::size_t>(text[i + 1] - '0');
    filled += index < values.size() ? values[index] : std::string_view("-");
    i += 2;
  }
  return filled;
}

}  // namespace tt::model
