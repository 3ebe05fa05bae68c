#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>

/// Classifiers with 1000 classes (ImageNet) unless stated, built as their papers or the implementation named
/// describe them. Dropout and auxiliary classifiers, which training alone needs, are left out.
namespace zoo {

/// Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS
/// 2012: the version in two groups, with 227 x 227 pixels as in Caffe.
onnx::ModelProto alexnet();

/// Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015,
/// configuration D.
onnx::ModelProto vgg16();

/// Szegedy et al., "Going Deeper with Convolutions", CVPR 2015; sizes as in Caffe's bvlc_googlenet.
onnx::ModelProto googlenet();

/// Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016; sizes as in
/// torchvision.
onnx::ModelProto inception_v3();

/// He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; "v1.5": a stage is entered with the
/// stride in the 3x3 convolution, as in torchvision.
onnx::ModelProto resnet50();

/// Huang et al., "Densely Connected Convolutional Networks", CVPR 2017.
onnx::ModelProto densenet121();

/// The family for 32 x 32 pixels and 10 classes of He et al., section 4.2, with `depth` 6n + 2 layers and
/// `width` filters in the first stage. Where the shape changes the shortcut is a projection (option B), for
/// which no operator but a convolution is needed; the paper's own nets use option A.
onnx::ModelProto residual(int64_t depth, int64_t width);

/// Zhang et al., "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", CVPR
/// 2018, table 1: 3 groups, scale 1.
onnx::ModelProto shufflenet_v1();

/// Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017,
/// table 1.
onnx::ModelProto mobilenet_v1();

/// Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2.
onnx::ModelProto mobilenet_v2();

/// Howard et al., "Searching for MobileNetV3", ICCV 2019, table 1; squeezed sizes as in torchvision.
onnx::ModelProto mobilenet_v3_large();

/// Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, table 1.
onnx::ModelProto efficientnet_b0();

/// Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", ICLR
/// 2021: ViT-Base with patches of 16 x 16.
onnx::ModelProto vit_b16();

}  // namespace zoo
