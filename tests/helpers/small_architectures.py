"""Hyperparameters that make each architecture as small as possible, for tests that build all of them."""

SMALL = {
    "mlp": {"width": 8},
    "dcgan": {"width": 4},
    "dcgan_variants": {"g_width": 4, "d_width": 4},
    "sndcgan": {"width": 4},
    "infogan": {"width": 4},
    "resnet_cifar": {"width": 8},
    "resnet_stl": {"width": 4},
    "resnet19": {"width": 4},
    "resnet107": {"width": 2},
    "mlp_2014": {"width_factor": 0.01},
    "mlp_2d": {"width": 8},
    "stacked_mnist": {"width": 4},
    "autoencoder": {"width": 4, "code_width": 8},
    "autoencoder_mlp": {"g_width": 8, "d_width": 8},
    "r3gan": {"width": 16, "blocks": 1},
    "progressive": {"fmap_base": 32, "fmap_max": 8},
    "srresnet": {"width": 4, "blocks": 1},
    "unet": {"width": 4},
    "gan_cls": {"width": 4, "text": 4, "encoded": 4, "word": 4},
    "resnet_translation": {"width": 4, "blocks": 1, "takes_z": True},
}
