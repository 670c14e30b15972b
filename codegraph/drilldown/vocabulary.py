"""The words by which a list of options is recognised: sites, severities, courses, kinds.

Only how a question reads and in which order its options come depends on them, never what can be
reached.
"""

from __future__ import annotations

from codegraph.drilldown.titles import norm

# From top to bottom: the order in which sites are offered.
HEAD_TO_TOE = (
    "head scalp skull face forehead eyelid eye orbit ear nose cheek lip mouth tongue tooth teeth "
    "gum palate jaw mandible maxilla chin throat pharynx larynx neck occipito-atlanto-axial "
    "cervical cervicothoracic clavicle shoulder scapula scapular axilla humerus arm elbow radius "
    "ulna forearm wrist carpal carpu hand palm metacarpal thumb index middle ring little finger "
    "fingers breast chest thorax thoracic thoracolumbar rib sternum back abdomen abdominal flank "
    "stomach liver lumbar lumbosacral sacral sacrum sacrococcygeal coccyx pelvis pelvic groin "
    "perineum genital buttock hip femur femoral thigh knee patella leg calf tibia tibial fibula "
    "shin ankle heel calcaneus talus tarsal midfoot foot metatarsal toe"
)
BODY = {norm(word): i for i, word in enumerate(HEAD_TO_TOE.split())}
NOUNS = frozenset(
    {"finger", "toe", "phalanx", "ligament", "joint", "artery", "vein", "muscle", "nerve", "region",
     "class", "degree", "eyelid", "vessel", "bone", "lobe", "quadrant", "tendon", "stage", "type",
     "organism", "hormone", "vertebra", "metacarpal", "metatarsal", "trimester", "level", "grade"}
)  # fmt: skip
FINGERS = frozenset({"thumb", "index", "middle", "ring", "little"})
AREAS = {
    "limb": "limb", "arm": "arm", "forearm": "forearm", "hand": "hand", "leg": "leg",
    "foot": "foot", "head": "head", "face": "face", "neck": "neck", "spine": "spine",
    "finger": "finger", "toe": "toe", "eye": "eye", "ear": "ear", "trunk": "trunk",
    "femur": "femur", "humerus": "humerus", "radius": "radius", "ulna": "ulna", "tibia": "tibia",
    "fibula": "fibula", "pelvis": "pelvis", "shoulder": "shoulder", "knee": "knee",
    "ankle": "ankle", "wrist": "wrist", "elbow": "elbow", "hip": "hip", "skull": "skull",
    "breast": "breast", "extremity": "limb", "colon": "colon", "stomach": "stomach",
    "esophagus": "esophagus", "bladder": "bladder",
}  # fmt: skip
SEVERITY = frozenset({"mild", "moderate", "severe", "profound", "severity"})
COURSE = frozenset({"acute", "chronic", "subacute", "recurrent", "episodic", "persistent"})
POSITION = frozenset({"upper", "middle", "lower", "proximal", "distal", "shaft", "end"})


PARTS = frozenset(
    {"scaphoid", "navicular", "bone", "process", "wall", "cavity", "gland", "site", "sites", "skin",
     "tissue", "soft", "kidney", "lung", "heart", "brain", "spleen", "pancrea", "intestine",
     "duodenum", "colon", "rectum", "anus", "uterus", "cervix", "ovary", "testis", "penis",
     "vagina", "vulva", "bladder", "ureter", "urethra", "prostate", "cornea", "retina", "iris",
     "lens", "canal", "duct", "sinus", "tonsil", "esophagus", "bronchus", "pleura", "gallbladder",
     "peritoneum", "extremity", "limb", "trunk", "condyle", "malleolus", "trochanter", "neck",
     "shaft", "head", "base", "acetabulum", "ilium", "ischium", "pubis", "carpus", "cuboid",
     "cuneiform", "lunate", "capitate", "hamate", "trapezium", "trapezoid", "pisiform",
     "triquetrum", "vertebra", "vertebrae", "disc", "spine", "cord", "breast", "nipple", "lobe",
     "quadrant", "organ", "musculature", "fundus", "antrum", "body", "tail", "area", "cheek"}
)  # fmt: skip
SITE_NOUNS = frozenset(
    {"finger", "toe", "phalanx", "ligament", "joint", "artery", "vein", "muscle", "nerve", "region",
     "eyelid", "vessel", "bone", "lobe", "quadrant", "tendon", "vertebra", "metacarpal",
     "metatarsal"}
)  # fmt: skip


KIND_NOUNS = {
    norm(word): word
    for line in (
        "fracture injury disorder disease neoplasm wound burn corrosion dislocation subluxation",
        "sprain strain infection complication deformity malformation accident poisoning hernia",
        "ulcer arthritis arthropathy gout osteoarthritis fistula abscess anemia leukemia lymphoma",
        "carcinoma hepatitis pneumonia diabetes migraine headache epilepsy embolism thrombosis",
        "hemorrhage infarction atherosclerosis aneurysm occlusion stenosis perforation laceration",
        "contusion amputation frostbite abnormality defect syndrome failure dependence abuse",
        "encounter history problem test care examination screening aftercare exposure assault",
        "effect reaction deficiency obesity neuropathy retinopathy glaucoma cataract keratitis",
        "conjunctivitis otitis sinusitis bronchitis asthma gastritis colitis pancreatitis",
        "nephritis osteonecrosis osteomyelitis osteoporosis spondylosis scoliosis myopathy",
        "paralysis hemiplegia blindness pain agent event activity pregnancy labor delivery",
        "abortion immunization transplant device mechanism rider occupant place damage",
        "disturbance symptom sign finding state condition collision fall contact intervention",
        "operation tumor stricture anomaly resistance discharge absence smear goiter drowning",
    )
    for word in line.split()
}
